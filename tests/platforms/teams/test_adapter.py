"""People in Teams and what they see: every kind of event in, every kind of reply out."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.chat.action import Action, pack
from bot.chat.card import Button, Buttons, Card, FormButton, LinkButton, text
from bot.chat.event import Click, Command, Installed, Removed, Said, Submission
from bot.chat.form import Choices, Form, Note, Option, People, TextInput, Toggle
from bot.chat.messenger import Notice
from bot.chat.reply import Ask, Home, Replace, Reply, Say
from bot.chat.text import CommandName
from bot.platforms.teams import adapter, render
from bot.platforms.teams.glue import TeamsSettings
from tests.emulators.teams import (
    APP_ID,
    CHANNEL,
    GROUP_CHAT,
    TENANT,
    FakeTeams,
    Fault,
    Message,
    TeamsUser,
    actions,
    pressable,
    words,
)
from tests.platforms.teams.conftest import House


@dataclass(frozen=True)
class Later(Action, verb="later"):
    content: int


@dataclass(frozen=True)
class Edit(Action, verb="edit"):
    content: int


@dataclass(frozen=True)
class Save(Action, verb="save"):
    content: int


CONTENT = Card(
    "Nos alternants",
    (
        text("Trois promotions racontent."),
        Buttons((Button("Plus tard", Later(7)), FormButton("Mes mots", Edit(7)))),
    ),
)
NETWORKS = (Option("linkedin", "LinkedIn"), Option("bluesky", "Bluesky"))
FORM = Form(
    Save(7),
    "Vos mots",
    (
        TextInput("words", "Vos mots", "J'étais leur tutrice", multiline=True),
        Choices(
            "networks",
            "Réseaux",
            (Option("linkedin", "LinkedIn"), Option("bluesky", "Bluesky")),
            ("linkedin",),
        ),
        Toggle("sure", "C'est bien moi"),
        People("thanks", "Merci à"),
    ),
    "Garder",
)
DONE = Card("C'est gardé")


async def holding_a_card(house: House) -> TeamsUser:
    ada = await house.member()
    await house.teams.messenger.send(ada.address, Notice("n1", CONTENT))
    return ada


# What is heard


async def test_adding_the_app_is_one_event_with_one_key(house: House) -> None:
    ada = house.user()
    await ada.installs()
    first, second = house.script.events
    assert isinstance(first, Installed)
    assert first == second
    assert (first.sender.address, first.sender.name) == (ada.address, "Ada")


async def test_removing_the_app(house: House) -> None:
    ada = await house.member()
    await ada.removes()
    [event] = house.script.events
    assert isinstance(event, Removed)


async def test_words_in_the_conversation_with_the_bot(house: House) -> None:
    ada = house.user(zone="Indian/Reunion")
    await ada.says(" rejoindre ")
    [event] = house.script.events
    assert isinstance(event, Said)
    assert (event.text, event.sender.locale, event.sender.zone) == ("rejoindre", "fr-FR", "Indian/Reunion")
    assert ada.status == 202


async def test_words_in_a_channel_are_a_command_from_there(house: House) -> None:
    await house.user().says_in_channel("appel à volontaires")
    [event] = house.script.events
    assert isinstance(event, Command)
    assert (event.text, event.place) == ("appel à volontaires", f"teams:{TENANT}:{CHANNEL}")


async def test_somebody_mentioned_is_the_address_by_which_they_are_written_to(house: House) -> None:
    """Teams mentions people by an id of its own; whoever was met is known by their object id."""
    bob = await house.member("Bob", 2)
    await house.user().says_in_channel("merci <at>Bob</at> pour tout", bob)
    [event] = house.script.events
    assert isinstance(event, Command)
    assert event.text == f"merci {bob.address} pour tout"


async def test_a_restart_forgets_nobody_and_what_is_known_is_not_written_again(house: House) -> None:
    bob = await house.member("Bob", 2)
    house.teams.messenger._objects.clear()
    writes = house.pages.writes
    await house.user().says_in_channel("merci <at>Bob</at>", bob)
    await bob.says("aide")
    assert f"merci {bob.address}" in str(house.script.events)
    assert house.pages.writes == writes + 3  # who spoke, by either id, and their channel


async def test_a_stranger_who_is_mentioned_keeps_the_id_of_teams(house: House) -> None:
    bob = house.user("Bob", 2)
    await house.user().says_in_channel("merci <at>Bob</at>", bob)
    [event] = house.script.events
    assert isinstance(event, Command)
    assert event.text == f"merci teams:{TENANT}:29:{bob.aad}"


async def test_channel_talk_that_is_not_for_the_bot_is_left_alone(house: House) -> None:
    ada = house.user()
    channel = {"conversationType": "channel", "tenantId": TENANT, "id": CHANNEL}
    await house.fake.deliver(ada.activity("message", text="entre nous", conversation=channel))
    assert house.script.events == []


async def test_a_button(house: House) -> None:
    ada = await holding_a_card(house)
    await ada.presses(Later)
    [event] = house.script.events
    assert isinstance(event, Click)
    assert (event.action, event.place, ada.status) == (pack(Later(7)), "", 202)


async def test_a_button_in_a_channel_says_where(house: House) -> None:
    await house.user().says_in_channel("appel")
    await house.teams.messenger.send(f"teams:{TENANT}:{CHANNEL}", Notice("n1", CONTENT))
    await house.user().presses(Later)
    event = house.script.events[-1]
    assert isinstance(event, Click)
    assert event.place == f"teams:{TENANT}:{CHANNEL}"


async def test_a_dialog_opens_and_is_sent(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    assert ada.dialog is not None
    assert ada.dialog["type"] == "continue"
    assert ada.dialog["value"]["title"] == "Vos mots"
    house.script.reply = None
    bob, eve = (house.user(number=number).aad for number in (2, 3))
    await ada.submits(words="Mes mots à moi", networks="linkedin,bluesky", sure="true", thanks=f"{bob},{eve}")
    click, submission = house.script.events
    assert isinstance(click, Click)
    assert click.action == pack(Edit(7))
    assert isinstance(submission, Submission)
    assert submission.action == pack(Save(7))
    assert dict(submission.answers.values) == {
        "words": "Mes mots à moi",
        "networks": ("linkedin", "bluesky"),
        "sure": True,
        "thanks": (f"teams:{TENANT}:{bob}", f"teams:{TENANT}:{eve}"),
    }
    assert ada.status == 200
    assert not ada.dialog


async def test_a_universal_action_is_a_click(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Replace(DONE)
    answer = await ada.executes({"cercle": pack(Later(7))}, ada.messages[0])
    assert (ada.status, answer["statusCode"]) == (200, 200)
    await house.fake.until(lambda: ada.messages[0].edits)
    assert words(ada.messages[0].card) == "C'est gardé"


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("messageReaction", {"reactionsAdded": [{"type": "like"}]}, 202),
        ("messageUpdate", {"text": "corrigé"}, 202),
        ("typing", {}, 202),
        ("endOfConversation", {}, 202),
        ("installationUpdate", {"action": "add-upgrade"}, 202),
        ("conversationUpdate", {"membersAdded": [{"id": "29:somebody"}]}, 202),
        ("invoke", {"name": "composeExtension/query", "value": {}}, 501),
        ("invoke", {"name": "signin/verifyState"}, 501),
        ("invoke", {"name": "task/fetch", "value": {"data": {}}}, 400),
        ("invoke", {"name": "task/submit", "value": None}, 400),
        ("invoke", {"name": "task/fetch", "value": {"data": {"cercle": 7}}}, 400),
        ("message", {"value": {"cercle": None}}, 400),
        ("message", {"text": "bonjour", "id": ""}, 400),
        ("message", {"text": "bonjour", "from": None}, 400),
        ("message", {"text": "bonjour", "entities": "none", "localTimezone": 3, "recipient": []}, 202),
    ],
)
async def test_what_is_not_for_us_is_answered_and_what_is_malformed_refused(
    house: House, kind: str, content: dict[str, Any], expected: int
) -> None:
    status, _ = await house.fake.deliver(house.user().activity(kind, **content))
    assert status == expected
    assert len(house.script.events) == (1 if "entities" in content else 0)


# What is answered


@pytest.mark.parametrize("reply", [Say(DONE), Home(DONE), Replace(DONE)])
async def test_a_card_in_answer_to_words(house: House, reply: Reply) -> None:
    ada = await house.member()
    house.script.reply = reply
    await ada.says("aide")
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]


async def test_no_answer_to_words(house: House) -> None:
    ada = await house.member()
    await ada.says("aide")
    assert (ada.messages, house.fake.calls) == ([], [])


async def test_a_button_that_changes_its_card(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Replace(DONE)
    await ada.presses(Later)
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]


async def test_a_button_that_is_answered_below_its_card(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Say(DONE)
    await ada.presses(Later)
    assert [words(message.card) for message in ada.messages][-1] == "C'est gardé"
    assert (len(ada.messages), ada.messages[0].edits) == (2, 0)


async def test_a_form_button_that_says_something_instead(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Say(Card("Ce contenu a été retiré", (text("Rien à faire."),)))
    await ada.presses(Edit)
    assert ada.dialog == {"type": "message", "value": "Ce contenu a été retiré\nRien à faire."}


async def test_a_form_button_that_says_something_to_press(house: House) -> None:
    ada = await holding_a_card(house)
    link = LinkButton("Ouvrir", "https://example.org/")
    house.script.reply = Say(Card("Composeur", (Buttons((link,)),)))
    await ada.presses(Edit)
    assert ada.dialog is not None
    assert ada.dialog["type"] == "continue"
    assert [a["url"] for a in actions(ada.dialog["value"]["card"]["content"])] == [link.url]


async def test_a_form_button_that_changes_its_card(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Replace(DONE)
    await ada.presses(Edit)
    assert (ada.status, ada.dialog) == (200, None)
    await house.fake.until(lambda: ada.messages[0].edits)


async def test_a_form_button_with_nothing_to_show(house: House) -> None:
    ada = await holding_a_card(house)
    await ada.presses(Edit)
    assert (ada.status, ada.dialog) == (200, None)


async def test_a_wrong_form_stays_open_with_what_was_typed(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.script.reply = Ask(FORM, {"words": "C'est trop long pour Bluesky."})
    await ada.submits(words="Mes mots à moi", networks="bluesky", sure="true")
    assert ada.dialog is not None
    shown = ada.dialog["value"]["card"]["content"]
    assert "C'est trop long pour Bluesky." in words(shown)
    house.script.reply = None
    await ada.submits()
    again = house.script.events[-1]
    assert isinstance(again, Submission)
    assert again.answers.text("words") == "Mes mots à moi"
    assert again.answers.many("networks") == ("bluesky",)
    assert again.answers.yes("sure")


async def test_the_next_of_two_forms_starts_with_its_own_values(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.script.reply = Ask(Form(Later(7), "Quand ?", (TextInput("day", "Jour", "demain"),), "Plus tard"))
    await ada.submits()
    house.script.reply = None
    await ada.submits()
    last = house.script.events[-1]
    assert isinstance(last, Submission)
    assert dict(last.answers.values) == {"day": "demain"}


@pytest.mark.parametrize("reply", [Say(DONE), Home(DONE)])
async def test_a_form_answered_by_a_card(house: House, reply: Reply) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.script.reply = reply
    await ada.submits()
    assert (ada.status, ada.dialog) == (200, None)
    await house.fake.until(lambda: len(ada.messages) == 2)
    assert words(ada.messages[1].card) == "C'est gardé"


async def test_a_form_answered_by_changing_its_card(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.script.reply = Replace(DONE)
    await ada.submits()
    await house.fake.until(lambda: ada.messages[0].edits)
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]


# A form asked for by words stands in the conversation, because a dialog opens from a button only.


async def test_a_form_in_the_conversation_gives_way_to_the_answer(house: House) -> None:
    ada = await house.member()
    house.script.reply = Ask(FORM)
    await ada.says("mots")
    [form] = ada.messages
    assert words(form.card).startswith("Vos mots")
    assert form.activity["summary"] == "Vos mots"
    house.script.reply = Ask(FORM, {"words": "Encore un peu long."})
    await ada.presses(Save, {"words": "Très long"})
    assert "Encore un peu long." in words(form.card)
    house.script.reply = Say(DONE)
    await ada.presses(Save)
    submission = house.script.events[-1]
    assert isinstance(submission, Submission)
    assert submission.answers.text("words") == "Très long"
    assert submission.answers.many("networks") == ("linkedin",)
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]


async def test_a_form_in_the_conversation_without_an_answer_goes_away(house: House) -> None:
    ada = await house.member()
    house.script.reply = Ask(FORM)
    await ada.says("mots")
    house.script.reply = None
    await ada.presses(Save)
    await house.fake.until(lambda: not ada.messages)


@pytest.mark.parametrize("fault", [Fault(429, {"Retry-After": "1"}), Fault(503), Fault(broken="reset")])
async def test_a_form_is_taken_away_when_teams_takes_calls_again(
    house: House, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.teams.adapter.CLEARING", (0.0, 0.01, 0.01))
    ada = await house.member()
    house.script.reply = Ask(FORM)
    await ada.says("mots")
    house.script.reply = None
    house.fake.faults.extend([fault, fault])
    await ada.presses(Save)
    await house.fake.until(lambda: not ada.messages)


async def test_a_form_whose_answer_is_kept_goes_away(house: House) -> None:
    ada = await house.member()
    house.script.reply = Ask(FORM)
    await ada.says("mots")
    house.script.reply = Say(DONE)
    house.fake.faults.append(Fault(503))
    await ada.presses(Save)
    assert [kept for _, kept in house.script.kept] == [Say(DONE)]
    await house.fake.until(lambda: not ada.messages)


async def test_a_form_with_mistakes_stays_where_it_is_when_its_answer_is_kept(house: House) -> None:
    ada = await house.member()
    house.script.reply = Ask(FORM)
    await ada.says("mots")
    house.script.reply = Ask(FORM, {"words": "Trop long."})
    house.fake.faults.append(Fault(503))
    await ada.presses(Save)
    assert [kept for _, kept in house.script.kept] == [house.script.reply]
    await house.teams.close()
    assert len(ada.messages) == 1


async def test_when_the_card_is_gone_the_answer_is_not(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Replace(DONE)
    house.fake.faults.append(Fault(404))
    await ada.presses(Later)
    assert [words(message.card) for message in ada.messages][1:] == ["C'est gardé"]


# In a channel


async def test_in_a_channel_the_answer_goes_to_the_person(house: House) -> None:
    ada = await house.member()
    house.script.reply = Say(DONE)
    await ada.says_in_channel("aide")
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]
    assert house.pages.records[ada.address]["id"] == f"a:{ada.aad}"


async def test_a_member_of_a_team_that_has_the_app_is_answered_alone(house: House) -> None:
    """They did not add it for themselves: the id that the channel tells of them is enough."""
    ada = house.user()
    house.script.reply = Say(DONE)
    await ada.says_in_channel("aide")
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]
    assert house.fake.visible(CHANNEL) == []
    assert house.pages.records[ada.address]["id"] == f"a:{ada.aad}"


@pytest.mark.parametrize("reply", [Say(DONE), Home(DONE), Replace(DONE), Ask(FORM)])
async def test_whoever_cannot_be_written_to_is_told_where_the_answer_waits(
    house: House, reply: Reply
) -> None:
    ada = house.user()
    house.fake.blocking.add(ada.aad)
    house.script.reply = reply
    await ada.says_in_channel("aide", thread="1700")
    [told] = house.fake.messages.values()
    assert told.conversation == f"{CHANNEL};messageid=1700"
    assert words(told.card) == "platform.waiting (fr) button.open_chat (fr)"
    assert [action["url"] for action in actions(told.card)] == [
        f"https://teams.microsoft.com/l/chat/0/0?users=28:{APP_ID}"
    ]
    [(event, kept)] = house.script.kept
    assert (kept, event.sender.reachable) == (reply, False)


async def test_that_sentence_is_the_same_whatever_was_asked_and_answered(house: House) -> None:
    ada = house.user()
    house.fake.blocking.add(ada.aad)
    for asked, reply in {"aide": Say(DONE), "réglages": Ask(FORM), "oubli": Say(CONTENT)}.items():
        house.script.reply = reply
        await ada.says_in_channel(asked)
    house.fake.shows(CHANNEL, render.card(CONTENT, shared=True))
    await ada.submits_fallback(*pressed_in_an_old_client(house, Later))
    told = [m.activity for m in house.fake.messages.values() if words(m.card).startswith("platform.waiting")]
    assert len(told) == 4
    assert len({json.dumps([each["summary"], each["attachments"]]) for each in told}) == 1


def pressed_in_an_old_client(house: House, wanted: type[Action]) -> tuple[dict[str, Any], Message]:
    """The button, and the newest message that has it."""
    message = house.fake.visible(CHANNEL)[-1]
    [button] = pressable(message.card, wanted)
    return button, message


async def test_an_answer_that_nobody_keeps_is_not_promised(house: House) -> None:
    ada = house.user()
    house.fake.blocking.add(ada.aad)
    await ada.says_in_channel("aide")
    assert house.fake.messages == {}


@pytest.mark.parametrize("status", [412, 429, 500, 503])
async def test_an_answer_that_fails_for_a_moment_is_kept_without_a_word(house: House, status: int) -> None:
    ada = await house.member()
    house.script.reply = Say(DONE)
    house.fake.faults.append(Fault(status))
    await ada.says_in_channel("aide")
    assert house.fake.messages == {}
    [(event, kept)] = house.script.kept
    assert (kept, event.sender.reachable) == (Say(DONE), None)


@pytest.mark.parametrize("fault", [Fault(503), Fault(broken="reset"), None], ids=["503", "reset", "too fast"])
@pytest.mark.parametrize("shared", [False, True])
async def test_an_answer_that_fails_and_cannot_be_stored_is_shown_a_little_later(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Fault | None, shared: bool
) -> None:
    """The apology, when the database is away."""
    monkeypatch.setattr(adapter, "AGAIN", (0.01, 0.1))
    ada = await house.member()
    house.script.away, house.script.reply = True, Say(DONE)
    if fault:
        house.fake.faults += [fault, fault]
    else:
        house.teams._rate.hold(0.1)
    await (ada.says_in_channel("aide") if shared else ada.says("aide"))
    await asyncio.gather(*house.teams._under_way)
    assert [words(message.card) for message in ada.messages] == ["C'est gardé"]


async def test_whoever_has_the_app_without_our_knowing_is_answered_alone(house: House) -> None:
    ada = house.user()
    house.fake.installed.add(ada.aad)
    house.script.reply = Say(DONE)
    await ada.says_in_channel("aide")
    assert len(ada.messages) == 1
    assert house.fake.visible(CHANNEL) == []


# Nobody else reads it: `tests/conformance` tries every reply. Here is what a person sees instead.


async def in_the_channel(house: House) -> TeamsUser:
    """Ada, of a team that has the app, in front of a card for everybody."""
    ada = house.user()
    await ada.says_in_channel("appel")
    await house.teams.messenger.send(f"teams:{TENANT}:{CHANNEL}", Notice("n1", CONTENT))
    house.script.events.clear()
    return ada


async def test_a_button_in_a_channel_is_answered_for_that_person_alone(house: House) -> None:
    ada = await in_the_channel(house)
    house.script.reply = Say(DONE)
    await ada.presses(Later)
    [shown] = house.fake.answered
    assert (words(shown.card), house.fake.readers(shown)) == ("C'est gardé", {ada.aad})
    assert (ada.messages, house.fake.visible(CHANNEL)[-1].edits) == ([], 0)


async def test_a_card_with_buttons_stands_in_the_place_of_the_pressed_one(house: House) -> None:
    ada = await in_the_channel(house)
    house.script.reply = Say(CONTENT)
    await ada.presses(Later)
    [shown] = house.fake.answered
    assert [a["type"] for a in actions(shown.card)] == ["Action.Execute", "Action.Submit", "Action.Submit"]
    house.script.reply = Replace(DONE)
    await ada.presses(Later)
    assert words(house.fake.answered[-1].card) == "C'est gardé"
    assert [message.edits for message in house.fake.messages.values()] == [0]


async def test_a_form_behind_a_button_in_a_channel_stays_with_that_person(house: House) -> None:
    ada = await in_the_channel(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Later)
    house.script.reply = Ask(FORM, {"words": "Encore un peu long."})
    await ada.presses(Save, {"words": "Très long"})
    assert "Encore un peu long." in words(house.fake.answered[-1].card)
    house.script.reply = Say(DONE)
    await ada.presses(Save)
    submission = house.script.events[-1]
    assert isinstance(submission, Submission)
    assert submission.answers.text("words") == "Très long"
    assert [words(shown.card) for shown in house.fake.answered][-1] == "C'est gardé"
    assert len(house.fake.messages) == 1


async def test_a_form_sent_in_a_channel_is_answered_in_its_dialog(house: House) -> None:
    ada = await in_the_channel(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.script.reply = Say(DONE)
    await ada.submits()
    assert ada.dialog == {"type": "message", "value": "C'est gardé"}
    assert ada.messages == []


async def test_a_dialog_over_a_channel_spells_commands_as_in_the_channel(house: House) -> None:
    """Its buttons are those of a dialog: no Universal Actions."""
    ada = await in_the_channel(house)
    help_typed = text("Tapez ", CommandName("aide"), ".")
    house.script.reply = Say(Card("", (help_typed,)))
    await ada.presses(Edit)
    assert ada.dialog == {"type": "message", "value": "Tapez @Cercle aide."}
    house.script.reply = Say(Card("Aide", (help_typed, Buttons((Button("Plus tard", Later(7)),)))))
    await ada.presses(Edit)
    assert ada.dialog is not None
    shown = ada.dialog["value"]["card"]["content"]
    assert "@Cercle aide" in words(shown)
    assert [a["type"] for a in actions(shown)] == ["Action.Submit"]
    house.script.reply = Ask(replace(FORM, parts=(Note(("Tapez ", CommandName("aide"))), *FORM.parts)))
    await ada.presses(Edit)
    shown = ada.dialog["value"]["card"]["content"]
    assert "@Cercle aide" in words(shown)
    assert [a["type"] for a in shown["actions"]] == ["Action.Submit"]


async def test_a_form_asked_for_in_a_channel_stands_in_the_persons_own_chat(house: House) -> None:
    ada = house.user()
    house.script.reply = Ask(FORM)
    await ada.says_in_channel("mots")
    assert [words(m.card)[:9] for m in ada.messages] == ["Vos mots "]
    assert house.fake.visible(CHANNEL) == []


@pytest.mark.parametrize(
    ("has_app", "reachable"), [(True, None), (False, True)], ids=["is known", "is of a team that has the app"]
)
async def test_whether_somebody_who_joins_in_a_channel_can_be_written_to(
    house: House, has_app: bool, reachable: bool | None
) -> None:
    ada = await in_the_channel(house)
    if has_app:
        await ada.installs()
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    await ada.submits()
    assert house.script.events[-1].sender.reachable is reachable


async def test_whoever_joins_in_a_chat_without_the_app_cannot_be_written_to(house: House) -> None:
    ada = house.user()
    await ada.says_in_group_chat("appel")
    await house.teams.messenger.send(f"teams:{TENANT}:{GROUP_CHAT}", Notice("n1", CONTENT))
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    await ada.submits()
    sender = house.script.events[-1].sender
    assert sender.reachable is False
    assert sender.chat_url == f"https://teams.microsoft.com/l/chat/0/0?users=28:{APP_ID}"


async def test_a_slow_connector_does_not_hold_up_the_answer_to_a_form(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.teams.adapter.PATIENCE", 0.05)
    ada = await in_the_channel(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.fake.one_to_one = Fault(delay=2)
    async with asyncio.timeout(1):
        await ada.submits()
    assert house.script.events[-1].sender.reachable is None


@pytest.mark.parametrize("reply", [Say(DONE, "poll"), Replace(DONE, "poll")])
async def test_the_choice_in_a_secret_poll_is_written_in_no_message(house: House, reply: Reply) -> None:
    ada = await in_the_channel(house)
    house.script.reply = reply
    await ada.presses(Later)
    [shown] = house.fake.answered
    assert words(shown.card) == "C'est gardé"
    await ada.says_in_channel("vote")
    await ada.says("vote")
    assert [kept for _, kept in house.script.kept] == [reply, reply]
    assert "C'est gardé" not in str([message.activity for message in house.fake.messages.values()])


# What takes longer than Teams waits


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.teams.adapter.INVOKE", 0.05)


UNCERTAIN = "platform.uncertain (fr-FR)"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("reply", "shown"),
    [(Say(DONE), "C'est gardé"), (Ask(FORM), "Vos mots"), (None, "platform.saved (fr)")],
)
async def test_a_slow_dialog_says_that_nothing_is_certain_and_then_how_it_ended(
    house: House, reply: Reply, shown: str
) -> None:
    ada = await holding_a_card(house)
    house.script.reply, house.script.takes = reply, 0.2
    async with asyncio.timeout(0.19):
        await ada.presses(Edit)
    assert ada.dialog == {"type": "message", "value": UNCERTAIN}
    await house.fake.until(lambda: len(ada.messages) == 2)
    assert words(ada.messages[1].card).startswith(shown)


@pytest.mark.usefixtures("hurried")
async def test_a_slow_button_in_a_channel_is_answered_one_to_one(house: House) -> None:
    ada = await in_the_channel(house)
    house.script.reply, house.script.takes = Say(DONE), 0.2
    await ada.presses(Later)
    assert words(house.fake.answered[-1].card) == UNCERTAIN
    await house.fake.until(lambda: ada.messages)
    assert words(ada.messages[0].card) == "C'est gardé"
    assert len(house.fake.visible(CHANNEL)) == 1


@pytest.mark.usefixtures("hurried")
async def test_a_slow_choice_in_a_secret_poll_is_written_in_no_message(house: House) -> None:
    ada = await in_the_channel(house)
    house.script.reply, house.script.takes = Say(DONE, "poll"), 0.2
    await ada.presses(Later)
    await house.teams.close()
    assert [kept for _, kept in house.script.kept] == [Say(DONE, "poll")]
    assert ada.messages == []


# Guests


@pytest.mark.parametrize(
    ("said", "guest"),
    [
        ({}, False),
        ({"userRole": "guest"}, True),
        ({"tenantId": "99999999-dddd-4ddd-8ddd-999999999999"}, True),
        ({"userRole": "owner", "tenantId": ""}, False),
    ],
)
async def test_the_roster_tells_who_is_a_guest(house: House, said: dict[str, str], guest: bool) -> None:
    ada = house.user()
    house.fake.roster[ada.aad] = said
    for _ in range(2):
        await ada.says("bonjour")
    await ada.says_in_channel("bonjour")
    assert [event.sender.guest for event in house.script.events] == [guest] * 3
    assert house.fake.lookups == [f"29:{ada.aad}"]


async def test_a_roster_that_does_not_answer_tells_nothing(house: House) -> None:
    house.fake.roster_status = 500
    ada = house.user()
    for _ in range(2):
        await ada.says("bonjour")
    assert [event.sender.guest for event in house.script.events] == [None, None]
    assert len(house.fake.lookups) == 1


# What goes wrong outside


@pytest.mark.parametrize("status", [403, 404, 413, 429, 500, 503])
async def test_an_answer_that_cannot_be_shown_is_no_error_for_teams(house: House, status: int) -> None:
    ada = await house.member()
    house.script.reply = Say(DONE)
    house.fake.faults.append(Fault(status))
    await ada.says("aide")
    assert (ada.status, ada.messages) == (202, [])
    assert [reply for _, reply in house.script.kept] == ([] if status == 413 else [Say(DONE)])


async def test_a_dialog_is_answered_before_a_slow_connector(house: House) -> None:
    ada = await holding_a_card(house)
    house.script.reply = Ask(FORM)
    await ada.presses(Edit)
    house.script.reply = Say(DONE)
    house.fake.faults.append(Fault(delay=1))
    async with asyncio.timeout(0.5):
        await ada.submits()
    await house.teams.close()
    assert len(ada.messages) == 2


async def test_a_form_too_large_for_teams_is_no_error_for_teams(house: House) -> None:
    ada = await holding_a_card(house)
    parts = tuple(TextInput(f"t{n}", "Texte", "é" * 3000) for n in range(40))
    house.script.reply = Ask(Form(Save(7), "Trop", parts, "Garder"))
    await ada.presses(Edit)
    assert (ada.status, ada.dialog) == (200, None)


class TestAnonymous:
    """Local clients that send no token."""

    @pytest.fixture
    def settings(self, fake: FakeTeams) -> TeamsSettings:
        return fake.settings(anonymous=True, app_id="", app_password="")

    async def test_they_are_heard_without_a_token_and_answered_without_one(self, house: House) -> None:
        ada = house.user()
        house.script.reply = Say(DONE)
        activity = ada.activity("message", text="aide", channelData={}, channelId="emulator")
        del activity["conversation"]["tenantId"]
        status, _ = await house.fake.deliver(activity, "")
        assert (status, house.fake.token_calls) == (202, 0)
        assert [call.token for call in house.fake.calls] == [""]
        assert house.script.events[0].sender.address == ada.address

    async def test_only_on_this_machine(self, house: House) -> None:
        activity = house.user().activity("message", serviceUrl="https://smba.trafficmanager.net/emea/")
        status, _ = await house.fake.deliver(activity, "")
        assert (status, house.script.events) == (401, [])

    async def test_and_of_no_other_tenant(self, house: House) -> None:
        activity = house.user().activity("message", channelData={"tenant": {"id": "other"}})
        activity["conversation"]["tenantId"] = "other"
        status, _ = await house.fake.deliver(activity, "")
        assert (status, house.script.events) == (403, [])


class TestAnonymousWithoutATenant:
    """CERCLE_DEV_TEAMS_ANONYMOUS=1 and nothing else: whatever tenant the local client plays, or none."""

    @pytest.fixture
    def settings(self, fake: FakeTeams) -> TeamsSettings:
        return fake.settings(anonymous=True, app_id="", app_password="", tenant_id="")

    @pytest.mark.parametrize("tenant", ["", "00000000-0000-0000-0000-0000000000001"])
    async def test_it_is_heard(self, house: House, tenant: str) -> None:
        activity = house.user().activity("message", text="aide", channelData={}, channelId="emulator")
        activity["conversation"]["tenantId"] = tenant
        status, _ = await house.fake.deliver(activity, "")
        assert (status, house.script.events[0].sender.workspace) == (202, tenant or "local")
