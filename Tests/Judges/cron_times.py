#!/usr/bin/env python3
"""What others make of cron expressions and zones: cron_times.py cronsim|croniter FILE, or cron_times.py zones

Each line of FILE is a zone, a start in seconds since 1970, a count and an expression, with tabs between. For each, one line
is printed: the next times after the start, in seconds since 1970, or "error" and what the judge says.
Times that are not later than the one before are left out: docs/tasks.md says where they come from.
With "zones", each zone of the system is printed with a moment and its offset from Greenwich in seconds, many times over.
"""

import datetime
import random
import sys
import zoneinfo

# The system's zones, as the host reads them: not those of a package.
zoneinfo.reset_tzpath(["/usr/share/zoneinfo"])
UTC = datetime.timezone.utc


def cronsim(expression, start):
    from cronsim import CronSim

    return CronSim(expression, start)


def croniter(expression, start):
    from croniter import croniter

    seconds_first = len(expression.split()) == 6
    times = croniter(expression, start, ret_type=datetime.datetime, second_at_beginning=seconds_first)
    return iter(times.get_next, None)


def answer(judge, zone, start, count, expression):
    after = datetime.datetime.fromtimestamp(start, zoneinfo.ZoneInfo(zone))
    times = []
    last = start
    for time in judge(expression, after):
        seconds = int(time.astimezone(UTC).timestamp())
        if seconds > last:
            times.append(str(seconds))
            last = seconds
        if len(times) == count:
            break
    return " ".join(times)


def zones():
    numbers = random.Random(1970)
    for name in sorted(zoneinfo.available_timezones() - {"localtime"}):
        zone = zoneinfo.ZoneInfo(name)
        for _ in range(100):
            # From 1901 to 2150, most of them in our days.
            moment = numbers.randint(-2_170_000_000, 5_680_000_000) if numbers.random() < 0.4 else \
                numbers.randint(1_600_000_000, 2_300_000_000)
            offset = datetime.datetime.fromtimestamp(moment, zone).utcoffset()
            print(name, moment, int(offset.total_seconds()))


def main():
    if sys.argv[1:] == ["zones"]:
        return zones()
    judge = {"cronsim": cronsim, "croniter": croniter}[sys.argv[1]]
    with open(sys.argv[2]) as file:
        for line in file:
            zone, start, count, expression = line.rstrip("\n").split("\t")
            try:
                print(answer(judge, zone, int(start), int(count), expression))
            except Exception as error:
                print("error", " ".join(str(error).split()))


if __name__ == "__main__":
    main()
