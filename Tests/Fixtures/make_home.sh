#!/bin/bash
# make_home.sh PROGRAMS FOLDER: plays people and chats with the programs of a release on a fresh home, kills the host in
# the middle of a turn, and writes the home to FOLDER as Tests/Fixtures/Homes keeps it. Run it as root.
set -euo pipefail
programs=$(realpath "$1") folder=$2 place=$(mktemp -d)
chmod 755 "$place"
home=$place/home
mkdir "$home" "$folder"
chown nobody: "$home" 2>/dev/null || true
claw() { "$programs/nanoclaw" --home "$home" "$@"; }
say() { claw chat --chat "$1" -m "$2" >/dev/null; }
first() { python3 -c "import json, sys; print(json.load(sys.stdin)[0]['$1'])"; }

"$programs/nanoclaw" up --home "$home" >"$place/log" 2>&1 &
host=$!
until claw status >/dev/null 2>&1; do kill -0 $host; sleep 0.1; done

claw config set maxRunners 12
say main "hello"
say main "write notes.txt remember the milk"
say main 'run echo $((6*7)); ls /workspace'
say main "remember the door code is in the safe"
claw groups create Research --folder research
claw wirings create --group research --chat cli:local:work
claw providers add local --kind openai --base-url http://127.0.0.1:9/v1 --model qwen3
claw groups config update research --assistant-name Ada --time-zone Europe/Berlin --limit idleSeconds=600 --shell-policy ask
claw users create mail:ann@example.org --name Ann
claw users create matrix:@ann:example.org --name "Ann on Matrix"
claw users link mail:ann@example.org matrix:@ann:example.org
claw roles grant --user mail:ann@example.org --role admin --group main
claw members add --user mail:ann@example.org --group research
claw destinations add --group main --name research --agent research
echo "no-secret-of-anybody" | claw channels add webhook --set name=door --set auth=bearer --secret key=-
claw tasks create "Send the plan." --group research --chat cli:local:work --cron "0 7 * * *" --missed skip --name plan
claw tasks create "Water the plants." --group main --chat cli:local:main --at 2126-01-01T09:00 --name plants
claw tasks pause plants
say work "write plan.md # Plan"
say work "read plan.md"
say work "run touch allowed"
claw approvals approve "$(claw approvals list --json | first id)" --always
session=$(claw sessions list --json | python3 -c "import json, sys
print([row for row in json.load(sys.stdin) if 'work' in json.dumps(row)][0]['id'])")
until claw sessions history "$session" | grep -q "was allowed"; do sleep 0.1; done
say work "run touch waiting"
claw approvals list
claw chat -m "run sleep 3; echo late-answer" --timeout 2 >/dev/null || true
kill -9 $host
wait $host || true

cd "$home"
find . -name '*.db' | while read -r file; do
    version=$(sqlite3 "$file" 'PRAGMA user_version')
    {
        echo "PRAGMA page_size=$(sqlite3 "$file" 'PRAGMA page_size');"
        echo "PRAGMA auto_vacuum=$(sqlite3 "$file" 'PRAGMA auto_vacuum');"
        sqlite3 "$file" .dump
        echo "PRAGMA user_version=$version;"
    } >"${file%.db}.sql"
done
rm -rf data/logs data/composed data/reserve data/host.lock data/nanoclaw.sock data/media data/sessions/scratch
find . -name '*.db*' -delete
find . -name lock -delete
find . -type d -empty -delete
cd - >/dev/null
cp -r "$home/." "$folder"
chmod -R u+rwX,go+rX "$folder"
rm -rf "$place"
