#!/bin/sh
# SPDX-License-Identifier: MIT
# Shows what the library does, with its own command and nothing else: a season of six episodes fetched by two workers,
# one of which is killed in the middle of a download. Checks each of its claims and fails when one does not hold.
#
# usage: demo.sh [--quiet] [FILE…]      with the build directory in BUILD, else ./build
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
BUILD=${BUILD:-$root/build}
vidstore=$BUILD/tools/vidstore
quiet=
if [ "${1:-}" = --quiet ]; then
    quiet=1
    shift
fi

failures=0
claims=0
workers=
server=

# --- what is printed -------------------------------------------------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') green=$(printf '\033[32m') red=$(printf '\033[31m')
    plain=$(printf '\033[0m')
else
    bold='' dim='' green='' red='' plain=''
fi

say() {
    [ -n "$quiet" ] || printf '%s\n' "$*"
}

step() {
    say ''
    say "$bold$*$plain"
}

# Shows a command, runs it, shows what it says.
run() {
    say "$dim\$ vidstore $*$plain"
    if [ -n "$quiet" ]; then
        "$vidstore" "$@" >>"$work/log" 2>&1
    else
        "$vidstore" "$@"
    fi
}

# claim TEXT COMMAND…: the command says whether the text is true.
claim() {
    text=$1
    shift
    claims=$((claims + 1))
    if "$@" >>"$work/log" 2>&1; then
        say "  ${green}✓$plain $text"
    else
        failures=$((failures + 1))
        printf '  %s✗ %s%s\n' "$red" "$text" "$plain"
    fi
}

die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
    for pid in $workers; do
        kill -TERM "$pid" 2>/dev/null
    done
    # The server leaves when its standard input closes.
    [ -z "$server" ] || exec 9>&-
    wait 2>/dev/null
    rm -rf "$work/www" "$work/pipe" "$work/port" "$work/stored"
    [ -z "$quiet" ] || [ "$failures" != 0 ] || rm -rf "$work"
}

# --- asking the store ------------------------------------------------------------------------------------------------

# json EXPRESSION: what a Python expression gives for the JSON on standard input, called `it`.
json() {
    python3 -c 'import json, sys
it = json.load(sys.stdin)
value = eval(sys.argv[1])
print(value if not isinstance(value, (list, tuple)) else "\n".join(str(v) for v in value))' "$1"
}

quietly() {
    "$vidstore" --json "$@" 2>>"$work/log"
}

exits() {
    wanted=$1
    shift
    "$@"
    [ $? = "$wanted" ]
}

same() {
    echo "\"$1\" and \"$2\""
    [ "$1" = "$2" ]
}

# --- material --------------------------------------------------------------------------------------------------------

clip() {
    name=$1
    seconds=$2
    size=$3
    shift 3
    ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=$size:rate=25:duration=$seconds" \
        -f lavfi -i "sine=frequency=440:duration=$seconds" "$@" -shortest "$work/www/$name" ||
        die "ffmpeg can't make $name"
}

make_clips() {
    command -v ffmpeg >/dev/null || die "needs the ffmpeg command, or clips of yours as arguments"
    clip harbour-1.mp4 10 640x360 -vf 'noise=alls=20:allf=t' -c:v libx264 -preset ultrafast -crf 30 -c:a aac \
        -metadata title='The Arrival' &
    clip harbour-2.mkv 4 480x270 -c:v libx265 -preset ultrafast -x265-params log-level=none -c:a libopus &
    clip harbour-3.webm 3 320x180 -c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis &
    clip harbour-4.ts 3 480x270 -c:v mpeg2video -c:a mp2 &
    clip harbour-5.avi 3 320x240 -c:v mpeg4 -c:a libmp3lame &
    clip harbour-6.mov 3 360x640 -c:v libx264 -preset ultrafast -c:a aac &
    wait
}

# Under numbers, because two files of different folders may have one name; a single one is two episodes, because a
# season of one would have no parts.
take_clips() {
    [ $# != 1 ] || set -- "$1" "$1"
    number=0
    for file in "$@"; do
        number=$((number + 1))
        [ -f "$file" ] || die "$file is no file"
        name=$(printf '%03d-' "$number")$(basename "$file" | tr -c 'A-Za-z0-9._\n-' _)
        cp "$file" "$work/www/$name" || die "$file can't be copied"
    done
}

# A playlist that calls itself a video and wants to be shown a file of this machine.
make_hostile() {
    printf '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n' \
        >"$work/www/holiday.mp4"
}

start_server() {
    mkfifo "$work/pipe"
    python3 "$root/tests/support/range_server.py" "$work/www" --log "$work/requests" <"$work/pipe" >"$work/port" &
    server=$!
    exec 9>"$work/pipe"
    for _ in $(seq 100); do
        [ ! -s "$work/port" ] || break
        sleep 0.05
    done
    [ -s "$work/port" ] || die "the server did not start"
    base=http://127.0.0.1:$(cat "$work/port")
}

start_worker() {
    "$vidstore" worker --name "$1" --drain >"$work/$1.out" 2>>"$work/log" 9>&- &
    eval "pid_$1=$!"
    workers="$workers $!"
}

# --- the demonstration -----------------------------------------------------------------------------------------------

[ -x "$vidstore" ] || die "$vidstore is not there: build first, or set BUILD"
work=$(mktemp -d "${TMPDIR:-/tmp}/vidstore-demo.XXXXXX") || exit 1
mkdir "$work/www"
VIDSTORE_STORE=$work/library.vidstore
export VIDSTORE_STORE
trap clean_up EXIT
trap 'exit 130' INT TERM
began=$(date +%s)

if [ $# = 0 ]; then
    make_clips
else
    take_clips "$@"
fi
first=''
rest=''
count=0
for path in "$work"/www/*; do
    count=$((count + 1))
    if [ -z "$first" ]; then
        first=$(basename "$path")
    else
        rest="$rest $(basename "$path")"
    fi
done
# The first episode comes so slowly that a worker can be killed in the middle of it.
rate=$(($(wc -c <"$work/www/$first") / 4 + 1))
make_hostile
start_server

step '1. A store, its settings and two users'
run init
run config fetch.allow_private on
run config job.lease_ms 1500
run user add lena --email lena@example.org --full-name 'Lena Holm'
run user add otto --email otto@example.org
claim 'two users exist' same "$(quietly user ls | json 'len(it["items"])')" 2
run key create --user lena --scopes jobs:read nightly
claim 'lena has an API key, shown once' same "$(quietly key list --user lena --count | json 'it["count"]')" 1

run user add nils --pending --email nils@example.org
invitation=$(quietly user invite nils | json 'it["token"]')
printf '%s\n%s\n' "$invitation" 'a long enough password' |
    run user redeem invitation --token-fd 0 --password-fd 0
claim 'nils took up his invitation' same "$(quietly user show nils | json 'it["state"]')" active

step "2. Lena submits a season of $count episodes, and somebody a \"video\" that wants to read /etc/passwd"
set -- "$base/$first?slow=$rate"
for name in $rest; do
    set -- "$@" "$base/$name"
done
season=$(quietly --as lena submit --season 'Harbour Lights' --priority high "$@" | json 'it["id"]')
say "$dim\$ vidstore --as lena submit --season 'Harbour Lights' --priority high $base/$first …$plain"
say "$season"
hostile=$(quietly --as lena submit --max-attempts 1 "$base/holiday.mp4" | json 'it["id"]')
parts=$(quietly jobs list --parent "$season" --count | json 'it["count"]')
claim "the season is $count jobs under one" same "$parts" "$count"

step '3. Two workers; the one with the slow episode is killed (SIGKILL) in the middle of it'
start_worker one
start_worker two
victim=''
for _ in $(seq 200); do
    progress=$(quietly ls --scan --filter "url ~ \"slow=$rate\" and download_total > 0" |
        json '["%s %d" % (v["job_id"], 100 * v["download_done"] // v["download_total"]) for v in it["items"]]')
    slow_job=${progress% *}
    percent=${progress#* }
    if [ -n "$slow_job" ] && [ "$percent" -ge 20 ]; then
        victim=$(quietly jobs show "$slow_job" | json 'it["worker"]')
        break
    fi
    sleep 0.1
done
[ -n "$victim" ] || die "the slow download did not get going; see $work/log"
eval "kill -KILL \$pid_$victim"
say "  worker $victim killed with episode 1 at $percent %"
claim 'the kill came in the middle of the download' test "$percent" -lt 95
for pid in $workers; do
    wait "$pid" 2>/dev/null
done
workers=''
survivor=two
[ "$victim" = one ] && survivor=two || survivor=one
say "  what worker $survivor did:"
[ -n "$quiet" ] || sed 's/^/    /' "$work/$survivor.out"
claim 'its job was taken over' grep -q 'taken over after [0-9.]* s, [1-9][0-9]* % already there' "$work/$survivor.out"
claim 'and the download went on where it stood' \
    python3 -c 'import sys
asked = [line for line in open(sys.argv[1]) if "slow=" in line]
sys.exit(not all("bytes=" in line for line in asked[1:]))' \
    "$work/requests"
claim 'the season is complete' same "$(quietly jobs show "$season" | json 'it["state"]')" completed

step '4. The catalogue: every file stored, hashed and probed'
run ls --user lena
run --as lena collection create 'To watch'
# Media of one's own may be cut short or damaged: a verdict that comes with facts is what is asked for.
probed=$(quietly jobs list --parent "$season" --limit 1000 | json '[job["id"] for job in it["items"]]' |
    while read -r job; do
        quietly search "job_id:$job" | json '[video["id"] for video in it["items"]
            if video["probe_status"] not in (None, "empty", "not_media", "unsupported")]'
    done)
for found in $probed; do
    quietly --as lena collection add 'To watch' "$found" >/dev/null
done
run --as lena collection show 'To watch'
claim "Lena has put them on a list" same \
    "$(quietly --as lena collection show 'To watch' | json 'len(it["videos"])')" "$count"
claim "$count videos are probed" same "$(printf '%s\n' "$probed" | grep -c .)" "$count"
quietly files | json '[file["sha256"] for file in it["items"]]' >"$work/stored"
for path in "$work"/www/*; do
    sum=$(sha256sum "$path" | cut -d ' ' -f 1)
    claim "$(basename "$path") has the SHA-256 of what was served" grep -q "$sum" "$work/stored"
done

step '5. One video in full'
video=$(quietly ls --scan --filter "url ~ \"slow=$rate\"" | json 'it["items"][0]["id"]')
run show "$video"
file=$(quietly show "$video" | json 'it["source_file_id"]')
run verify "$file"
"$vidstore" get "$file" -o - >"$work/out" 2>>"$work/log"
claim 'its bytes come out as they went in' cmp "$work/out" "$work/www/$first"
rm -f "$work/out"
quietly probe "$video" >/dev/null
claim 'probed once more, bytes that are known are not read again' \
    same "$(quietly show --streams "$video" | json 'it["container"]["reused"]')" True

step '6. The history of the job that was taken over'
run jobs history "$slow_job"
claim 'it tells of a crash and of a completion' same \
    "$(quietly jobs history "$slow_job" | json '"%s %s" % (it[0]["outcome"], it[-1]["outcome"])')" 'crashed completed'

step '7. What happened, as the audit tells it'
run audit list --limit 12
claim 'the audit has the completion of the season' test \
    "$(quietly audit list --action job_completed --object "$season" | json 'len(it["items"])')" -ge 1

"$vidstore" audit checkpoint -o "$work/anchor" 2>>"$work/log"
run audit verify --anchor "$work/anchor"
claim 'nobody has rewritten it' exits 0 "$vidstore" audit verify --anchor "$work/anchor"
"$vidstore" audit export -o "$work/audit.jsonl" 2>>"$work/log" >&2
claim 'its export holds without the library' \
    python3 "$root/tests/audit/verify_export.py" "$work/audit.jsonl" "$work/anchor"
cp -r "$VIDSTORE_STORE" "$work/forged"
forged=$(python3 - "$work/forged/store.db" <<'FORGE'
import sqlite3, sys, uuid
database = sqlite3.connect(sys.argv[1])
database.execute("DROP TRIGGER audit_events_fixed")
row = database.execute("SELECT seq, id FROM audit_events WHERE noun = 'job' ORDER BY seq LIMIT 1").fetchone()
database.execute("UPDATE audit_events SET noun = 'nothing' WHERE seq = ?", row[:1])
database.commit()
print(uuid.UUID(bytes=row[1]))
FORGE
)
claim 'one word that is changed by hand in a copy is found, and its event named' same "$forged" \
    "$("$vidstore" -s "$work/forged" --json audit verify 2>>"$work/log" | json 'it["findings"][0]["event"]')"

# What scripts and other languages call: the name of a function, and JSON.
claim 'the season is found by the name of the call too' same \
    "$(quietly call job.get "{\"id\": \"$season\"}" | json 'it["state"]')" completed

run watch --since start --drain --noun job --kind state
claim 'the change feed has it too' same \
    "$("$vidstore" --json watch --since start --drain --noun job | grep "$season" | grep -c '"state":"completed"')" 1
run sql 'SELECT u.username, j.state, count(*) AS jobs FROM v_jobs j JOIN v_users u ON u.key = j.user_key GROUP BY 1, 2'

step '8. What Otto sees of it: nothing, until Lena shares it; and how much he may take'
run --as otto ls
claim 'Otto has no videos' same "$(quietly --as otto ls | json 'len(it["items"])')" 0
claim "Lena's video is not there for him" exits 3 "$vidstore" --as otto show "$video"
claim 'and he can not have its file' exits 3 "$vidstore" --as otto get "$file" -o "$work/stolen"
run --as lena grant add --share --expires 1d "$file" "$(quietly user show otto | json 'it["id"]')"
claim 'until she grants it to him' exits 0 "$vidstore" --as otto get "$file" -o "$work/granted"
link=$(quietly --as lena link create --uses 1 --name 'for the press' "$file" | json 'it["token"]')
printf '%s\n' "$link" | run link get --token-fd 0 -o "$work/linked"
claim 'whoever has her link has the file, without an account' cmp "$work/linked" "$work/granted"
printf '%s\n' "$link" >"$work/link"
claim 'once, as the link says' exits 5 "$vidstore" link get --token-fd 0 -o "$work/again" <"$work/link"
run quota set otto jobs_per_day=1 bytes=1G
quietly --as otto submit "$base/$first" >/dev/null
claim 'Otto may submit one job a day, and no second' exits 5 "$vidstore" --as otto submit "$base/$first"
run quota show otto

step '9. The hostile one was refused, and kept nobody up'
run jobs list --parent "$season" --state completed
claim 'its job failed' same "$(quietly jobs show "$hostile" | json 'it["state"]')" failed
claim 'because it is no media' same \
    "$(quietly search "job_id:$hostile" | json 'it["items"][0]["probe_status"] in ("not_media", "unsupported")')" True
claim 'from a file it is refused as well (exit code 7)' exits 7 "$vidstore" ingest "$work/www/holiday.mp4"
run doctor
claim 'the store is in good health' exits 0 "$vidstore" doctor --full

say ''
if [ "$failures" = 0 ]; then
    say "${green}All $claims claims hold$plain, after $(($(date +%s) - began)) s. The store stays; try"
    say ''
    say "  export VIDSTORE_STORE=$VIDSTORE_STORE PATH=$BUILD/tools:\$PATH"
    say "  vidstore ls"
    say "  vidstore show $video --streams"
    say "  vidstore search 'codec:h264 height:>300'"
    say "  vidstore ls --duplicates"
    say "  vidstore jobs show $season"
    say "  vidstore stats"
    [ -z "$quiet" ] || printf '%s claims hold\n' "$claims"
else
    printf '%s of %s claims do not hold; see %s/log\n' "$failures" "$claims" "$work" >&2
    exit 1
fi
