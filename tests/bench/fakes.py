"""Slack and Teams on loopback, in a process of their own: `python -m tests.bench.fakes MEMBERS`.

The first line of output is one JSON object: what the servers under test have to be told.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

from tests.bench import people
from tests.emulators.slack import Door, FakeSlack, Json
from tests.emulators.teams import APP_ID, PASSWORD, TENANT, FakeTeams


class Slack(FakeSlack):
    """Each member has a way to answer in the channel and one to draw over their newest card, both open for as
    long as the bench lasts."""

    def opens(self, user: str) -> None:
        conversation = people.conversation(user)
        for key, channel in ((user, people.CHANNEL), (f"own.{user}", conversation)):
            self.response_url(channel, user, key=key)
            self._doors[key].left = 10**9

    def _answer(self, door: Door, body: Json) -> None:
        there = self.messages[door.channel]
        ts = there[-1].ts if body.get("replace_original") and there else ""
        super()._answer(replace(door, ts=ts), body)


async def main(members: int) -> None:
    """Until standard input closes."""
    teams = FakeTeams()
    await teams.start()
    async with Slack() as slack:
        for user in (people.LEAD, *people.members(members)):
            slack.add_user(user, user.title(), locale=people.LOCALE, tz=people.ZONE)
            slack.opens(user)
        slack.add_channel(people.CHANNEL)
        print(json.dumps(environment(slack, teams)), flush=True)
        await asyncio.to_thread(sys.stdin.read)
    await teams.close()


def environment(slack: FakeSlack, teams: FakeTeams) -> dict[str, str]:
    return {
        "SLACK_SIGNING_SECRET": slack.secret,
        "SLACK_BOT_TOKEN": slack.token,
        "SLACK_API_URL": slack.api_url,
        "MICROSOFT_APP_ID": APP_ID,
        "MICROSOFT_APP_PASSWORD": PASSWORD,
        "MICROSOFT_APP_TENANT_ID": TENANT,
        "MICROSOFT_OPENID_URL": teams.settings().openid_url,
        "MICROSOFT_LOGIN_URL": teams.url,
        "MICROSOFT_SERVICE_HOSTS": "127.0.0.1",
    }


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
