#!/bin/bash
# Plays the part of a user's systemd that has one unit, nanoclaw.service, and writes down what it was asked.
[ "$1" = --user ] && shift
unit=$XDG_CONFIG_HOME/systemd/user/nanoclaw.service
pid=$(cat "$XDG_CONFIG_HOME/pid" 2>/dev/null || echo 0)
alive() { [ "$pid" != 0 ] && grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null; }
echo "$*" >>"$XDG_CONFIG_HOME/calls"
case $1 in
show)
    alive || pid=0
    printf 'LoadState=loaded\nMainPID=%s\n' "$pid"
    ;;
is-active) alive ;;
stop)
    alive && kill "$pid"
    while alive; do sleep 0.05; done
    ;;
restart)
    command=$(sed -n 's/^ExecStart=//p' "$unit")
    (
        # Whoever asked for this waits until nobody holds what it has given.
        for number in $(ls "/proc/$BASHPID/fd"); do ((number < 3)) || eval "exec $number>&-"; done
        exec setsid $command </dev/null >/dev/null 2>&1
    ) </dev/null >/dev/null 2>&1 &
    echo $! >"$XDG_CONFIG_HOME/pid"
    ;;
esac
