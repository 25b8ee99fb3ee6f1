import Foundation
import Testing

/// What the model's commands see, asked through the chat as a user would.
@Suite(.timeLimit(.minutes(5)), .serialized)
struct SandboxViewTests {
    static let users: [UInt32?] = getuid() == 0 ? [nil, 65534] : [nil]

    @Test(arguments: users)
    func `T42 a shell command runs with filters, without privileges, in namespaces of its own`(
        user: UInt32?
    ) async throws {
        try await withHost(user: user) { host in
            let reply = try await host.chat("run cat /proc/self/status; ls /workspace; tr '\\0' ' ' </proc/1/cmdline")
            #expect(reply.contains("Seccomp:\t2"))
            #expect(reply.contains("NoNewPrivs:\t1"))
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                #expect(reply.contains("\(set):\t0000000000000000"), "\(set)")
            }
            #expect(!reply.contains("outbound"))
            #expect(reply.contains("agent"))
            #expect(!reply.contains("agent-runner"))
            let links = try await host.chat(
                "run readlink /proc/self/ns/user /proc/self/ns/mnt /proc/self/ns/pid /proc/self/ns/net"
            )
            for name in ["user", "mnt", "pid", "net"] {
                let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(name)")
                #expect(links.contains("\(name):["))
                #expect(!links.contains(own))
            }
            #expect(
                try await !host.chat("run ls /proc | grep -E '^[0-9]+$' | wc -l; ps -e 2>&1").contains(
                    "agent-runner --"
                )
            )
        }
    }

    @Test(arguments: users)
    func `T59 programs run through a real tool call, in the agent's folder`(user: UInt32?) async throws {
        try await withHost(user: user) { host in
            let reply = try await host.chat(
                """
                run pwd; bash -c 'set -m; sleep 30 & kill -STOP %1; until [[ $(jobs %1) == *Stopped* ]]; do sleep 0.01; done; \
                echo stopped; kill -9 %1; (exit 7) & wait $! || echo $?' 2>/dev/null; \
                export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; \
                git init -q r && echo a >r/f && git -C r add f && git -C r commit -qm one && git clone -q r c && \
                git -C c log --format=%s; python3 -m venv v && v/bin/python -c 'import multiprocessing as m, threading as t; \
                n = []; x = t.Thread(target=n.append, args=(5,)); x.start(); x.join(); print(n, sum(m.Pool(2).map(abs, [-1, -2])))'
                """
            )
            #expect(reply.contains("/workspace/agent\nstopped\n7\none\n[5] 3"), "\(reply)")
            var (folder, made) = (stat(), stat())
            #expect(stat("\(host.home)/groups/main", &folder) == 0)
            #expect(stat("\(host.home)/groups/main/c/f", &made) == 0)
            #expect(made.st_uid == folder.st_uid)
        }
    }

    @Test(arguments: users)
    func `T23 the inbound database is out of the tools' reach and read-only in the sandbox`(
        user: UInt32?
    ) async throws {
        try await withHost(user: user) { host in
            let reply = try await host.chat(
                "run ls /workspace/inbound; cat /workspace/inbound/inbound.db; touch /workspace/inbound/x; echo over"
            )
            #expect(reply.contains("No such file"))
            #expect(reply.contains("over"))
            let mount = try await host.nanoclaw(
                "sandbox",
                "exec",
                "--tier",
                "runner",
                "--",
                "/bin/sh",
                "-c",
                "touch /workspace/inbound/inbound.db-journal; echo $?; ls -d /workspace/inbound"
            )
            #expect(mount.output.hasPrefix("1"), "\(mount)")
            #expect(mount.errors.contains("Read-only file system"), "\(mount)")
        }
    }

    @Test(arguments: users)
    func `T43 nothing that the host trusts is writable from the sandbox`(user: UInt32?) async throws {
        try await withHost(user: user) { host in
            // Every directory of the tree in which a file can be made: only the agent's own places may answer.
            let reply = try await host.chat(
                """
                run find / -xdev -type d 2>/dev/null >/tmp/d; find /workspace /tmp /dev /run -type d 2>/dev/null >>/tmp/d; \
                while read -r d; do if (: >"$d/.probe") 2>/dev/null; then echo "WRITABLE $d"; rm -f "$d/.probe"; fi; done </tmp/d | sort -u
                """,
                timeout: 110
            )
            let writable = Set(
                reply.split(separator: "\n").filter { $0.hasPrefix("WRITABLE ") }.map { String($0.dropFirst(9)) }
            )
            #expect(writable.contains("/workspace/agent"))
            let allowed = ["/workspace/agent", "/tmp", "/dev/shm", "/run/user"]
            for path in writable {
                #expect(allowed.contains { path == $0 || path.hasPrefix($0 + "/") }, "\(path) is writable")
            }
        }
    }

    @Test(arguments: users)
    func `T44 no secret is inside`(user: UInt32?) async throws {
        let secret = "sk-canary-\(UUID().uuidString)"
        try await withHost(user: user, environment: ["NANOCLAW_KEY_CANARY": secret]) { host in
            let file = host.home + "/key"
            try secret.write(toFile: file, atomically: true, encoding: .utf8)
            if let user { chown(file, user, user) }
            let added = try await host.nanoclaw(
                "providers",
                "add",
                "canary",
                "--kind",
                "openai",
                "--base-url",
                "http://127.0.0.1:9/v1",
                "--model",
                "m",
                "--key-file",
                file
            )
            #expect(added.status == 0, "\(added)")
            try FileManager.default.removeItem(atPath: file)
            // Not the system's own directories, which nothing of ours can write: they are read for minutes.
            let script = """
                env; cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n'
                find / -mindepth 1 -maxdepth 1 | while read -r place; do
                    case $place in /usr | /lib | /lib64 | /bin | /sbin | /proc | /sys) continue ;; esac
                    grep -rsl sk-canary "$place" | sed 's/^/FOUND IN /'
                done
                echo over
                """
            let inside = try await host.nanoclaw(
                "sandbox",
                "exec",
                "--group",
                "main",
                "--tier",
                "tool",
                "--",
                "/bin/sh",
                "-c",
                script
            )
            let reply = inside.output + inside.errors
            #expect(reply.contains("over"))
            #expect(!reply.contains("sk-canary"))
            #expect(!reply.contains("FOUND IN"), "\(reply)")
            let runner = try await host.nanoclaw("sandbox", "exec", "--tier", "runner", "--", "/bin/sh", "-c", "env")
            #expect(runner.status == 0)
            #expect(!runner.output.contains("sk-canary"))
            // Nor in what the host writes down.
            let found = try await run("/bin/grep", ["-rl", secret, host.home])
            #expect(
                found.output.split(separator: "\n").allSatisfy { $0.hasSuffix("data/credentials/canary") },
                "\(found.output)"
            )
        }
    }

    @Test(arguments: users)
    func `T59 programs and probes meet an errno, never a kill`(user: UInt32?) async throws {
        try await withHost(user: user) { host in
            let reply = try await host.chat(
                """
                run bash -c 'sleep 0.1 & wait; echo bash-ok'; \
                python3 -c 'import threading,ctypes; t=threading.Thread(target=print,args=("python-ok",)); t.start(); t.join(); \
                l=ctypes.CDLL(None,use_errno=True); print("uring",l.syscall(425,4,0),ctypes.get_errno())'; \
                git init -q g && git -C g status >/dev/null && echo git-ok
                """
            )
            #expect(reply.contains("bash-ok"))
            #expect(reply.contains("python-ok"))
            #expect(reply.contains("uring -1 38"))
            #expect(reply.contains("git-ok"))
        }
    }

    @Test(arguments: users)
    func `the tools' listener answers 403 with one line, and nothing else is reachable`(user: UInt32?) async throws {
        try await withHost(user: user) { host in
            let reply = try await host.chat(
                """
                run python3 - <<'P'
                import socket
                s=socket.create_connection(("127.0.0.1",3128)); s.sendall(b"GET http://example.org/ HTTP/1.1\\r\\nHost: example.org\\r\\n\\r\\n")
                print(s.recv(4096).decode())
                for a in [("1.1.1.1",80),("127.0.0.1",22),("10.0.0.1",80)]:
                    try:
                        socket.create_connection(a,2); print("REACHED",a)
                    except OSError as e: print("refused",a,e.errno)
                P
                """
            )
            #expect(reply.contains("403"))
            #expect(!reply.contains("REACHED"))
        }
    }
}
