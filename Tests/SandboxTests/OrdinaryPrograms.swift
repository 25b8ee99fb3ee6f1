import Glibc
import Testing

/// A program of a Debian package, what it is asked to do in the tool tier, and what it must say.
struct OrdinaryProgram: Sendable, CustomTestStringConvertible {
    let name: String
    /// Paths that must be there, `*` for a version.
    let needs: [String]
    /// The Debian package that has it.
    let package: String
    /// For `/bin/sh` with `set -eu`, started in an empty folder with HOME there.
    let script: String
    let says: String

    var testDescription: String { name }

    var isHere: Bool {
        needs.allSatisfy { pattern in
            var found = glob_t()
            defer { globfree(&found) }
            return glob(pattern, 0, nil, &found) == 0
        }
    }

    func script(in folder: String) -> String { "set -eu; export HOME=\(folder); cd \(folder)\n" + script }

    /// What takes a second or two, and names no other folder than the one that it is started in.
    static let quick = [bash, terminal, git, python, node, make, perl, tar]

    static let all = quick + [pythonTLS, curl, chromium, postgres]

    private static let bash = OrdinaryProgram(
        name: "bash job control",
        needs: ["/bin/bash"],
        package: "bash",
        script: #"""
            exec bash -c '
            set -m
            sleep 30 & job=$!
            read -r _ _ _ _ group _ < /proc/$job/stat; ((group == job)) && echo own group
            kill -STOP %1; until [[ $(jobs %1) == *Stopped* ]]; do sleep 0.01; done; echo stopped
            bg %1 >/dev/null; until [[ $(jobs %1) == *Running* ]]; do sleep 0.01; done; echo running
            kill %1; status=0; wait %1 2>/dev/null || status=$?; echo $status
            (exit 7) & wait $! || echo $?
            diff <(printf "a\nb\n") <(printf "a\nb\n") && for i in {1..3}; do (echo -n $i); done; echo
            coproc cat; echo through >&${COPROC[1]}; read -r line <&${COPROC[0]}; echo $line'
            """#,
        says: "own group\nstopped\nrunning\n143\n7\n123\nthrough\n"
    )

    private static let terminal = OrdinaryProgram(
        name: "a shell at a terminal",
        needs: ["/usr/bin/python3"],
        package: "python3",
        script: #"""
            cat > j.py <<'X'
            import os, signal
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            # Not print: a signal that comes while it writes would find it busy.
            signal.signal(signal.SIGCONT, lambda *_: os.write(1, b"resumed\n"))
            os.write(1, b"going\n")
            while True: signal.pause()
            X
            cat > t.py <<'X'
            import os, pty, select
            pid, fd = pty.fork()
            if pid == 0: os.execv("/bin/bash", ["bash", "--norc", "--noediting", "-i"])
            seen = b""
            def until(word):
                global seen
                while word not in seen:
                    if not select.select([fd], [], [], 20)[0]: raise SystemExit(f"no {word} in {seen}")
                    seen += os.read(fd, 4096)
                seen = seen.split(word, 1)[1]
                if word != b"prompt": print(word.decode())
            def line(text): until(b"prompt"); os.write(fd, text + b"\n")
            os.write(fd, b"stty -echo; PS1=pro''mpt\n")
            line(b"python3 j.py"); until(b"going"); os.write(fd, b"\x1a"); until(b"Stopped")
            line(b"fg"); until(b"resumed"); os.write(fd, b"\x03")
            line(b"echo status $?"); until(b"status 130")
            line(b"exit 3")
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            X
            python3 t.py
            """#,
        says: "going\nStopped\nresumed\nstatus 130\n3\n"
    )

    private static let git = OrdinaryProgram(
        name: "git",
        needs: ["/usr/bin/git"],
        package: "git",
        script: #"""
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
            git -c init.defaultBranch=main init -q r && cd r
            echo a > f && git add f && git commit -qm one
            git switch -qc side && echo b > g && git add g && git commit -qm two
            git switch -q main && echo c > h && git add h && git commit -qm three
            git merge -q --no-edit side && git gc -q && git fsck --strict 2>&1
            git clone -q "file://$PWD" ../c && cd ../c && ls && git log --format=%s --no-merges --author-date-order | sort
            """#,
        says: "f\ng\nh\none\nthree\ntwo\n"
    )

    private static let python = OrdinaryProgram(
        name: "python: threads, processes, venv, sqlite",
        needs: ["/usr/bin/python3"],
        package: "python3-venv",
        script: #"""
            cat > t.py <<'X'
            import asyncio, multiprocessing, sqlite3, sys, threading
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import shared_memory
            def square(n): return n * n
            async def child():
                process = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
                return (await process.communicate(b"child"))[0].decode()
            if __name__ == "__main__":
                seen, lock = [], threading.Lock()
                def note(n):
                    with lock: seen.append(n)
                threads = [threading.Thread(target=note, args=(n,)) for n in range(16)]
                [t.start() for t in threads]; [t.join() for t in threads]
                with multiprocessing.Pool(2) as pool: print(sum(pool.map(square, range(4))), len(seen))
                context = multiprocessing.get_context("spawn")
                with ProcessPoolExecutor(2, mp_context=context) as pool: print(list(pool.map(square, [5, 6])))
                memory = shared_memory.SharedMemory(create=True, size=16); memory.buf[0] = 42
                other = shared_memory.SharedMemory(memory.name); print(other.buf[0])
                other.close(); memory.close(); memory.unlink()
                base = sqlite3.connect("x.db"); print(base.execute("pragma journal_mode=wal").fetchone()[0])
                base.execute("create table t(a)"); base.executemany("insert into t values(?)", [(n,) for n in range(100)])
                base.commit(); print(sqlite3.connect("x.db").execute("select sum(a) from t").fetchone()[0])
                print(asyncio.run(child()), sys.prefix != sys.base_prefix)
            X
            python3 -m venv venv
            venv/bin/pip --version | cut -d' ' -f1
            venv/bin/python t.py
            """#,
        says: "pip\n14 16\n[25, 36]\n42\nwal\n4950\nchild True\n"
    )

    private static let pythonTLS = OrdinaryProgram(
        name: "python: ssl",
        needs: ["/usr/bin/openssl"],
        package: "openssl",
        script: #"""
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -out c.pem -days 2 \
                -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
            cat > t.py <<'X'
            import socket, ssl, threading
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); server.load_cert_chain("c.pem", "k.pem")
            listener = socket.create_server(("127.0.0.1", 0))
            def serve():
                with server.wrap_socket(listener.accept()[0], server_side=True) as s: s.sendall(s.recv(100)[::-1])
            thread = threading.Thread(target=serve); thread.start()
            client = ssl.create_default_context(cafile="c.pem")
            with socket.create_connection(listener.getsockname()) as raw, \
                    client.wrap_socket(raw, server_hostname="localhost") as s:
                s.sendall(b"olleh"); print(s.version(), s.recv(100).decode())
            thread.join()
            print(len(ssl.create_default_context().get_ca_certs()) > 50)
            X
            python3 t.py
            """#,
        says: "TLSv1.3 hello\nTrue\n"
    )
}
