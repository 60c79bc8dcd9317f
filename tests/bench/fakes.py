"""Slack and Teams on loopback, in a process of their own: `python -m tests.bench.fakes MEMBERS`.

The first line of output is one JSON object: what the servers under test have to be told.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tests.bench import people
from tests.emulators.slack import FakeSlack
from tests.emulators.teams import APP_ID, PASSWORD, TENANT, FakeTeams


async def main(members: int) -> None:
    """Until standard input closes."""
    teams = FakeTeams()
    await teams.start()
    async with FakeSlack() as slack:
        for user in (people.LEAD, *people.members(members)):
            slack.add_user(user, user.title(), locale=people.LOCALE, tz=people.ZONE)
            slack.response_url(people.CHANNEL, user, key=user)
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
