"""The names of the parts of countries, which Babel does not have."""

from __future__ import annotations

from collections.abc import Mapping

_TABLE = {
    "CA": """
        AB Alberta
        BC Colombie-Britannique | British Columbia
        MB Manitoba
        NB Nouveau-Brunswick | New Brunswick
        NL Terre-Neuve-et-Labrador | Newfoundland and Labrador
        NS Nouvelle-Écosse | Nova Scotia
        NT Territoires du Nord-Ouest | Northwest Territories
        NU Nunavut
        ON Ontario
        PE Île-du-Prince-Édouard | Prince Edward Island
        QC Québec | Quebec
        SK Saskatchewan
        YT Yukon
    """,
    "CH": """
        AG Argovie | Aargau
        AI Appenzell Rhodes-Intérieures | Appenzell Innerrhoden
        AR Appenzell Rhodes-Extérieures | Appenzell Ausserrhoden
        BE Berne | Bern
        BL Bâle-Campagne | Basel-Landschaft
        BS Bâle-Ville | Basel-Stadt
        FR Fribourg
        GE Genève | Geneva
        GL Glaris | Glarus
        GR Grisons | Graubünden
        JU Jura
        LU Lucerne
        NE Neuchâtel
        NW Nidwald | Nidwalden
        OW Obwald | Obwalden
        SG Saint-Gall | St Gallen
        SH Schaffhouse | Schaffhausen
        SO Soleure | Solothurn
        SZ Schwytz | Schwyz
        TG Thurgovie | Thurgau
        TI Tessin | Ticino
        UR Uri
        VD Vaud
        VS Valais
        ZG Zoug | Zug
        ZH Zurich
    """,
    "DE": """
        BB Brandebourg | Brandenburg
        BE Berlin
        BW Bade-Wurtemberg | Baden-Württemberg
        BY Bavière | Bavaria
        HB Brême | Bremen
        HE Hesse
        HH Hambourg | Hamburg
        MV Mecklembourg-Poméranie-Occidentale | Mecklenburg-Western Pomerania
        NI Basse-Saxe | Lower Saxony
        NW Rhénanie-du-Nord-Westphalie | North Rhine-Westphalia
        RP Rhénanie-Palatinat | Rhineland-Palatinate
        SH Schleswig-Holstein
        SL Sarre | Saarland
        SN Saxe | Saxony
        ST Saxe-Anhalt | Saxony-Anhalt
        TH Thuringe | Thuringia
    """,
    "ES": """
        AN Andalousie | Andalusia
        AR Aragon
        AS Asturies | Asturias
        CB Cantabrie | Cantabria
        CE Ceuta
        CL Castille-et-León | Castile and León
        CM Castille-La Manche | Castilla-La Mancha
        CN Canaries | Canary Islands
        CT Catalogne | Catalonia
        EX Estrémadure | Extremadura
        GA Galice | Galicia
        IB Îles Baléares | Balearic Islands
        MC Murcie | Murcia
        MD Madrid
        ML Melilla
        NC Navarre
        PV Pays basque | Basque Country
        RI La Rioja
        VC Communauté valencienne | Valencian Community
    """,
    "GB": """
        ENG Angleterre | England
        NIR Irlande du Nord | Northern Ireland
        SCT Écosse | Scotland
        WLS Pays de Galles | Wales
    """,
}
"""French, then English where that is another name."""


def _names() -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for country, lines in _TABLE.items():
        for line in lines.strip().splitlines():
            part, _, names = line.strip().partition(" ")
            french, _, english = names.partition(" | ")
            found[f"{country}-{part}"] = {"fr": french, "en": english or french}
    return found


NAMES = _names()
"""By part ("CH-GE") and language."""
