#!/bin/bash
# Plays the part of a user's systemd that has one unit, nanoclaw.service, and writes down what it was asked. As the real one
# it starts what has failed again, five times, and then refuses each start until the failures are taken back.
[ "$1" = --user ] && shift
cd "$XDG_CONFIG_HOME" || exit 1
unit=systemd/user/nanoclaw.service
read_number() { cat "$1" 2>/dev/null || echo 0; }
alive() { [ "$1" != 0 ] && grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }
# What the restarts are made by goes first; it may have SIGTERM blocked, as whoever called this had.
end() {
    for part in supervisor:KILL pid:TERM; do
        number=$(read_number ${part%:*})
        alive "$number" && kill -s ${part#*:} "$number"
        while alive "$number"; do sleep 0.05; done
    done
}
supervise() {
    # Whoever asked for this waits until nobody holds what it has given.
    for number in $(ls "/proc/$BASHPID/fd"); do ((number < 3)) || eval "exec $number>&-"; done
    while (($(read_number starts) < 5)); do
        echo $(($(read_number starts) + 1)) >starts
        setsid $1 </dev/null >/dev/null 2>&1 &
        echo $! >pid
        wait $!
        # Its own word that it failed; a test that ends the host with a signal wants it gone.
        (($? > 0 && $? < 128)) || return
        sleep 0.1
    done
}
start() {
    if (($(read_number starts) >= 5)); then
        echo "nanoclaw.service: start request repeated too quickly" >&2
        exit 1
    fi
    rm -f pid
    supervise "$(sed -n 's/^ExecStart=//p' $unit)" </dev/null >/dev/null 2>&1 &
    echo $! >supervisor
    until [ -s pid ]; do sleep 0.01; done
}
echo "$*" >>calls
case $1 in
show)
    pid=$(read_number pid)
    state=active
    alive "$pid" || { pid=0; state=inactive; }
    printf 'LoadState=loaded\nActiveState=%s\nMainPID=%s\n' $state "$pid"
    ;;
is-active) alive "$(read_number pid)" ;;
stop) end ;;
restart)
    end
    start
    ;;
enable)
    if [ "$2" = --now ]; then alive "$(read_number supervisor)" || start; fi
    ;;
reset-failed) rm -f starts ;;
esac
