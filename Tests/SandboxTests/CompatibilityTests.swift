import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// Ordinary programs work in the tool tier: what the filters refuse, they do without.
@Suite(.serialized)
struct CompatibilityTests {
    private static let programs: [(name: String, needs: String, script: String, says: String)] = [
        (
            "bash job control", "/bin/bash",
            "/bin/bash -c 'set -m; sleep 0.01 & jobs >/dev/null; fg >/dev/null 2>&1; wait; for i in 1 2; do (echo $i); done'",
            "1\n2\n"
        ),
        (
            "git", "/usr/bin/git",
            """
            cd /tmp && git -c init.defaultBranch=main init -q r && cd r && echo a > f && git add f \
            && git -c user.name=a -c user.email=a@b commit -qm one && git clone -q . ../c && git -C ../c log --format=%s
            """, "one\n"
        ),
        (
            "python threads and processes", "/usr/bin/python3",
            """
            cat > /tmp/t.py <<'X'
            import multiprocessing, subprocess, sqlite3, threading
            def square(n): return n * n
            if __name__ == "__main__":
                seen = []
                threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(4)]
                [t.start() for t in threads]; [t.join() for t in threads]
                with multiprocessing.Pool(2) as pool: print(sum(pool.map(square, range(4))), len(seen))
                sqlite3.connect("/tmp/x.db").execute("create table t(a)")
                print(subprocess.check_output(["echo", "child"], text=True).strip())
            X
            /usr/bin/python3 /tmp/t.py
            """, "14 4\nchild\n"
        ),
        (
            "node with workers and children", "/usr/bin/node",
            """
            /usr/bin/node -e '
            const {Worker} = require("worker_threads"), http = require("http"), {execFileSync} = require("child_process");
            const server = http.createServer((q, r) => r.end("served")).listen(0, "127.0.0.1", () =>
              http.get({port: server.address().port}, r => r.on("data", d => {
                console.log(String(d), execFileSync("echo", ["child"]).toString().trim());
                new Worker("require(\\"worker_threads\\").parentPort.postMessage(1)", {eval: true})
                  .on("message", m => { console.log("worker", m); server.close(); });
              })));'
            """, "served child\nworker 1\n"
        ),
        (
            "gcc", "/usr/bin/gcc",
            """
            printf '#include <pthread.h>\\n#include <stdio.h>\\nvoid*f(void*p){return p;}int main(){pthread_t t;pthread_create(&t,0,f,0);pthread_join(t,0);puts("built");}' \
            > /tmp/a.c && gcc -O1 -pthread /tmp/a.c -o /tmp/a && /tmp/a
            """, "built\n"
        ),
        (
            "make and a shell loop", "/usr/bin/make",
            "cd /tmp && printf 'all: a b\\na b:\\n\\t@echo $@\\n' > Makefile && make -s -j1; i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i",
            "a\nb\n3\n"
        ),
    ]

    @Test(arguments: SpawnMode.available)
    func `T59 ordinary programs run in the tool tier`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            for program in Self.programs where FileManager.default.isExecutableFile(atPath: program.needs) {
                let outcome = try await fixture.shell(.tool, program.script)
                #expect(outcome.exit == .code(0), "\(program.name): \(outcome.errorOutput)")
                #expect(outcome.output == program.says, "\(program.name): \(outcome.errorOutput)")
            }
        }
    }

    @Test(arguments: SpawnMode.available)
    func `PS05 a fork bomb ends at the limit and the sandbox with it`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                let bomb =
                    "n=0; while [ $n -lt 200 ]; do sleep 60 & n=$((n+1)); done; echo over"
                return try await fixture.outcome(
                    of: fixture.spawner.spawn(
                        scratch.request(
                            .command(tier: .tool, argv: ["/bin/sh", "-c", bomb]),
                            groupFolder: "demo",
                            limits: SandboxLimits(pids: 40)
                        )
                    )
                )
            }
            #expect(outcome.errorOutput.contains("Cannot fork"), "\(outcome.output)")
            #expect(outcome.exit != .code(0) && !outcome.output.contains("over"))
        }
    }

    @Test(arguments: SpawnMode.available)
    func `WR13 a file ends at its limit, and /tmp at its size`(mode: SpawnMode) async throws {
        try await SpawnFixture.with(mode) { fixture in
            let outcome = try await ScratchSession.with(home: fixture.home) { scratch in
                let script = """
                    truncate -s 1E /workspace/agent/f 2>/dev/null; echo $?
                    head -c 3000000 /dev/zero > /tmp/full 2>/dev/null || true; wc -c < /tmp/full
                    """
                return try await fixture.outcome(
                    of: fixture.spawner.spawn(
                        scratch.request(
                            .command(tier: .tool, argv: ["/bin/sh", "-c", script]),
                            groupFolder: "demo",
                            limits: SandboxLimits(tmpBytes: 1 << 20)
                        )
                    )
                )
            }
            // SIGXFSZ, and no byte more.
            #expect(outcome.output == "153\n1048576\n", "\(outcome.errorOutput)")
        }
    }
}
