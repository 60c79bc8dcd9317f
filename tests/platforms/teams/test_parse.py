"""Activity → event, on what Teams documents and on whatever else may come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.event import Click, Command, Said, Submission
from bot.platforms.teams.parse import (
    Conversation,
    Heard,
    Malformed,
    Origin,
    address_parts,
    called,
    hear,
    tenant_of,
)

TENANT = "t-1"
CHANNEL = "19:general@thread.tacv2"

Json = dict[str, Any]


def activity(**changes: Any) -> Json:
    return {
        "type": "message",
        "id": "f:1",
        "channelId": "msteams",
        "serviceUrl": "https://smba.trafficmanager.net/emea/",
        "from": {"id": "29:ada", "name": "Ada", "aadObjectId": "aad-ada"},
        "recipient": {"id": "28:bot", "name": "Cercle"},
        "conversation": {"conversationType": "personal", "tenantId": TENANT, "id": "a:1"},
        "text": "aide",
    } | changes


def in_channel(text: str, *entities: Json, id: str = f"{CHANNEL};messageid=17") -> Heard:
    conversation = {"conversationType": "channel", "isGroup": True, "tenantId": TENANT, "id": id}
    us = {"type": "mention", "mentioned": {"id": "28:bot"}, "text": "<at>Cercle</at>"}
    return hear(activity(text=text, conversation=conversation, entities=[us, *entities]), TENANT)


def test_the_delivery_is_named_by_conversation_and_activity() -> None:
    event = hear(activity(), TENANT).event
    assert isinstance(event, Said)
    assert event.key == "a:1|f:1"


def test_the_sender_is_who_the_envelope_says() -> None:
    sender = hear(activity(locale="en-GB", localTimezone="Europe/London"), TENANT).event.sender  # type: ignore[union-attr]
    assert (sender.address, sender.name) == ("teams:t-1:aad-ada", "Ada")
    assert (sender.locale, sender.zone) == ("en-GB", "Europe/London")


def test_language_and_zone_come_from_the_client_when_the_activity_has_none() -> None:
    client = {"type": "clientInfo", "locale": "fr-CA", "timezone": "America/Montreal"}
    sender = hear(activity(entities=[{"type": "mention"}, client]), TENANT).event.sender  # type: ignore[union-attr]
    assert (sender.locale, sender.zone) == ("fr-CA", "America/Montreal")


def test_without_an_object_id_the_teams_id_serves() -> None:
    heard = hear(activity(**{"from": {"id": "29:ada"}}), TENANT)
    assert heard.event is not None
    assert heard.known is not None
    assert heard.event.sender.address == heard.known.address == "teams:t-1:29:ada"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<at>Cercle</at> aide\n", "aide"),
        ("<at>Cercle</at>&nbsp;publier https://a.example/?a=1&b=2", "publier https://a.example/?a=1&b=2"),
        ("aide <at>Cercle</at>", "aide"),
        ("\xa0<at>Cercle</at>\xa0", ""),
        ("<at>Cercle</at> merci <at>Bob Lee</at> pour l'atelier", "merci @Bob Lee pour l'atelier"),
        ("<at>Cercle</at> 1 < 2 et 3 > 2", "1 < 2 et 3 > 2"),
        ("a\x00b<at>Cercle</at>", "ab"),
        ("<at>Cercle</at> /cercle sondages", "/cercle sondages"),
        ("<at>Cercle</at> re\u0301glages\u200b", "réglages"),
        ("<at>Cercle</at> post&nbsp;https://a.example", "post\u00a0https://a.example"),
    ],
)
def test_the_mention_that_called_us_is_not_part_of_the_words(text: str, said: str) -> None:
    event = in_channel(text).event
    assert isinstance(event, Command)
    assert event.text == said


def mention(name: str, id: str) -> Json:
    return {"type": "mention", "mentioned": {"id": id, "name": name}, "text": f"<at>{name}</at>"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<at>Cercle</at> merci <at>Bob</at> pour tout", "merci teams:t-1:aad-bob pour tout"),
        ("<at>Cercle</at> merci <at>Bob</at>, <at>Eve</at>", "merci teams:t-1:aad-bob, teams:t-1:29:eve"),
        ("<at>Cercle</at> merci <at>Bob</at> <at>Bob</at>", "merci teams:t-1:aad-bob @Bob"),
        ("<at>Cercle</at> merci <at>Bob</at>bravo", "merci teams:t-1:aad-bob bravo"),
        ("<at>Cercle</at> merci <at>Zoé</at>", "merci @Zoé"),
    ],
)
def test_people_who_are_mentioned_become_addresses(text: str, said: str) -> None:
    conversation = {"conversationType": "channel", "tenantId": TENANT, "id": CHANNEL}
    us, bob, eve = mention("Cercle", "28:bot"), mention("Bob", "29:bob"), mention("Eve", "29:eve")
    raw = activity(text=text, conversation=conversation, entities=[us, bob, eve])
    assert called(raw) == [("<at>Bob</at>", "29:bob"), ("<at>Eve</at>", "29:eve")]
    event = hear(raw, TENANT, {"29:bob": "aad-bob"}).event
    assert isinstance(event, Command)
    assert event.text == said


def in_group(text: str, *mentions: Json) -> Command:
    conversation = {
        "conversationType": "groupChat",
        "isGroup": True,
        "tenantId": TENANT,
        "id": "19:g@thread.v2",
    }
    event = hear(activity(text=text, conversation=conversation, entities=list(mentions)), TENANT).event
    assert isinstance(event, Command)
    return event


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<at>Cercle</at> aide", "aide"),
        ('<at id="0">Cercle</at>&nbsp;aide', "aide"),
        ("@Cercle aide", "aide"),
        ("aide", "aide"),
    ],
)
@pytest.mark.parametrize("called", ["Cercle", ""])
def test_a_mention_of_us_without_its_text_is_heard(text: str, said: str, called: str) -> None:
    assert in_group(text, {"type": "mention", "mentioned": {"id": "28:bot", "name": called}}).text == said


def test_a_mention_of_somebody_without_its_text_is_an_address() -> None:
    us = {"type": "mention", "mentioned": {"id": "28:bot", "name": "Cercle"}}
    bob = {"type": "mention", "mentioned": {"id": "29:bob", "name": "Bob (RH)"}}
    event = in_group('<at id="0">Cercle</at> merci <at id="1">Bob (RH)</at> pour tout', us, bob)
    assert event.text == "merci teams:t-1:29:bob pour tout"
    assert event.names == {"teams:t-1:29:bob": "@Bob (RH)"}


def test_a_mention_without_text_or_name_is_nobody() -> None:
    us = {"type": "mention", "mentioned": {"id": "28:bot"}}
    nobody = {"type": "mention", "mentioned": {"id": "29:bob"}}
    assert in_group("<at>Cercle</at> merci <at>Bob</at>", us, nobody).text == "merci @Bob"


def test_a_mention_whose_mark_has_an_attribute_is_heard() -> None:
    us = {"type": "mention", "mentioned": {"id": "28:bot", "name": "Cercle"}, "text": "<at>Cercle</at>"}
    assert in_group('<at id="0">Cercle</at> aide', us).text == "aide"


def test_typed_answers_are_normalised() -> None:
    data = {"cercle": "save/7", "cercle.form": True, "title": "\u200b", "words": " re\u0301el\r\nou non "}
    event = hear(activity(type="invoke", name="task/submit", value={"data": data}), TENANT).event
    assert isinstance(event, Submission)
    assert dict(event.answers.values) == {"title": "", "words": "réel\nou non"}


def test_namesakes_are_told_apart() -> None:
    conversation = {"conversationType": "channel", "tenantId": TENANT, "id": CHANNEL}
    entities = [mention("Cercle", "28:bot"), mention("Bob", "29:1"), mention("Bob", "29:2")]
    raw = activity(text="<at>Cercle</at> <at>Bob</at> <at>Bob</at>", conversation=conversation)
    event = hear(raw | {"entities": entities}, TENANT).event
    assert isinstance(event, Command)
    assert event.text == "teams:t-1:29:1 teams:t-1:29:2"


def test_a_channel_is_the_same_place_in_every_thread() -> None:
    first, second = in_channel("a", id=f"{CHANNEL};messageid=1"), in_channel("b", id=CHANNEL)
    assert isinstance(first.event, Command)
    assert isinstance(second.event, Command)
    assert first.event.place == second.event.place == f"teams:{TENANT}:{CHANNEL}"
    assert first.known == second.known
    assert first.here.id.endswith(";messageid=1")


def test_addresses_are_read_whatever_colons_they_hold() -> None:
    assert address_parts(f"teams:{TENANT}:{CHANNEL}") == (TENANT, CHANNEL)
    assert address_parts("teams:t:29:1:2") == ("t", "29:1:2")
    for wrong in ("", "teams", "teams:t", "teams::x", "teams:t:", "slack:T:U"):
        with pytest.raises(ValueError):
            address_parts(wrong)


def test_a_record_comes_back_as_it_went() -> None:
    known = hear(activity(), TENANT).known
    assert known is not None
    assert Conversation.of(known.record()) == known


def test_the_tenant_is_named_in_either_place_but_not_twice() -> None:
    assert tenant_of({"conversation": {"tenantId": "a"}}) == "a"
    assert tenant_of({"channelData": {"tenant": {"id": "a"}}}) == "a"
    assert tenant_of({}) == ""
    with pytest.raises(Malformed):
        tenant_of({"conversation": {"tenantId": "a"}, "channelData": {"tenant": {"id": "b"}}})


def test_a_form_in_the_conversation_is_a_submission_and_a_button_is_not() -> None:
    button = hear(activity(text=None, value={"cercle": "later/7"}), TENANT)
    form = hear(activity(text=None, value={"cercle": "save/7", "cercle.form": True, "words": "x"}), TENANT)
    assert isinstance(button.event, Click)
    assert isinstance(form.event, Submission)
    assert (button.origin, form.origin) == (Origin.CHAT, Origin.CHAT_FORM)
    assert dict(form.event.answers.values) == {"words": "x"}


@pytest.mark.parametrize("claimed", ["true", 1, None, {}])
def test_only_our_own_mark_makes_a_form(claimed: Any) -> None:
    assert isinstance(hear(activity(value={"cercle": "a", "cercle.form": claimed}), TENANT).event, Click)


def test_inputs_are_what_the_submit_button_says_they_are() -> None:
    data = {
        "cercle": "save/7",
        "cercle.form": True,
        "cercle.many": ["topics", "friends", "none"],
        "cercle.people": ["friends"],
        "cercle.toggles": ["yes", "no"],
        "topics": "rh, métier,,",
        "friends": "aad-1,aad-2",
        "none": "",
        "yes": "true",
        "no": "false",
        "plain": "a,b",
        "odd": ["not", "text"],
        "msteams": {"type": "task/submit"},
    }
    event = hear(activity(type="invoke", name="task/submit", value={"data": data}), TENANT).event
    assert isinstance(event, Submission)
    assert dict(event.answers.values) == {
        "topics": ("rh", "métier"),
        "friends": ("teams:t-1:aad-1", "teams:t-1:aad-2"),
        "none": (),
        "yes": True,
        "no": False,
        "plain": "a,b",
        "odd": "",
    }


INSIDE = ["id", "cercle", "cercle.form", "cercle.many", "tenantId", "data", "action", "type", "text"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "cercle", "form", "many", "tenantId", "data", "action", "type", "text", "mentioned"]
            ),
            inside,
            max_size=4,
        )
    ),
    max_leaves=8,
)
KINDS = st.sampled_from(["message", "invoke", "conversationUpdate", "installationUpdate", "messageReaction"])
NAMES = st.sampled_from(["task/fetch", "task/submit", "adaptiveCard/action", "other"])


@given(
    st.dictionaries(st.sampled_from(sorted(activity(value=0, entities=0, channelData=0))), ANYTHING),
    KINDS,
    NAMES,
)
def test_whatever_comes_is_an_event_nothing_or_malformed(odd: Json, kind: str, name: str) -> None:
    try:
        heard = hear(activity() | {"name": name} | odd | {"type": kind}, TENANT)
    except Malformed:
        return
    if heard.event is not None:
        assert heard.event.key
        assert heard.event.sender.address.startswith(f"teams:{TENANT}:")
        assert heard.event.sender.user
