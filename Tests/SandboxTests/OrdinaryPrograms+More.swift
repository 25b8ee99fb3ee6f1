extension OrdinaryProgram {
    static let node = OrdinaryProgram(
        name: "node: server, children, workers",
        needs: ["/usr/bin/node"],
        package: "nodejs",
        script: #"""
            cat > t.js <<'X'
            const {Worker} = require("worker_threads"), http = require("http"), fs = require("fs");
            const {execFileSync, fork} = require("child_process"), crypto = require("crypto"), zlib = require("zlib");
            if (process.argv[2] == "child") { process.send("forked"); process.disconnect(); return; }
            const once = (source, event) => new Promise(done => source.once(event, done));
            (async () => {
              const server = http.createServer((q, r) => r.end("served")).listen(0, "127.0.0.1");
              await once(server, "listening");
              const answer = await new Promise(done => http.get({port: server.address().port}, done));
              console.log(String(await once(answer, "data")), execFileSync("echo", ["child"]).toString().trim());
              server.close();
              console.log(await once(fork(__filename, ["child"]), "message"));
              const source = 'require("worker_threads").parentPort.postMessage(6 * 7)';
              console.log("worker", await once(new Worker(source, {eval: true}), "message"));
              await fs.promises.writeFile("f", zlib.gzipSync("packed"));
              console.log(zlib.gunzipSync(await fs.promises.readFile("f")).toString());
              console.log(crypto.createHash("sha256").update("a").digest("hex").slice(0, 8));
            })();
            X
            node t.js
            """#,
        says: "served child\nforked\nworker 42\npacked\nca978112\n"
    )

    static let make = OrdinaryProgram(
        name: "gcc, g++ and make",
        needs: ["/usr/bin/make"],
        package: "make g++",
        script: #"""
            printf '#include <pthread.h>\nstatic void *f(void *p) { return p; }\nint joined(void) { pthread_t t; void *r; pthread_create(&t, 0, f, (void *)42); pthread_join(t, &r); return (int)(long)r; }\n' > a.c
            printf '#include <iostream>\n#include <thread>\nextern "C" int joined(void);\nint main() { std::thread([] { std::cout << joined() << std::endl; }).join(); try { throw 1; } catch (int) { std::cout << "caught\\n"; } }\n' > b.cc
            printf 'prog: a.o b.o\n\tg++ -pthread $^ -o $@\n%%.o: %%.c\n\tgcc -O2 -Wall -Werror -pthread -c $<\n%%.o: %%.cc\n\tg++ -O1 -pthread -c $<\n' > Makefile
            make -s -j2 && ./prog && make -q prog && echo up to date
            """#,
        says: "42\ncaught\nup to date\n"
    )

    static let perl = OrdinaryProgram(
        name: "perl",
        needs: ["/usr/bin/perl"],
        package: "perl",
        script: #"""
            cat > t.pl <<'X'
            use strict; use IO::Socket::INET; use File::Temp; use Time::HiRes 'alarm'; use POSIX ':sys_wait_h';
            my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die $!;
            if (!fork) { my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport) or die; print $s "said\n"; exit 5 }
            print $listener->accept->getline; wait; print $? >> 8, "\n";
            $SIG{ALRM} = sub { print "alarm\n" }; alarm 0.01; select undef, undef, undef, 5;
            open my $pipe, '-|', 'printf "b\na\n" | sort' or die; print <$pipe>;
            my ($out, $name) = File::Temp::tempfile(); print $out "x" x 1000; close $out; print -s $name, "\n";
            X
            perl t.pl
            """#,
        says: "said\n5\nalarm\na\nb\n1000\n"
    )

    static let tar = OrdinaryProgram(
        name: "tar",
        needs: ["/bin/tar"],
        package: "tar gzip",
        script: #"""
            mkdir -p in/deep out && echo text > in/deep/f && ln in/deep/f in/hard && ln -s deep/f in/soft && mkfifo in/fifo
            chmod 750 in/deep && truncate -s 5M in/sparse && echo end >> in/sparse
            tar -cSzf a.tgz in && tar -xpf a.tgz -C out && diff -r --no-dereference -x fifo in out/in && echo same
            test -p out/in/fifo && test out/in/hard -ef out/in/deep/f && readlink out/in/soft && stat -c %a out/in/deep
            test "$(stat -c %b out/in/sparse)" -lt 100 && echo sparse
            """#,
        says: "same\ndeep/f\n750\nsparse\n"
    )

    static let curl = OrdinaryProgram(
        name: "curl",
        needs: ["/usr/bin/curl"],
        package: "curl",
        script: #"""
            mkdir www && echo page > www/p && head -c 3000000 /dev/zero > www/big
            python3 -u -m http.server -b 127.0.0.1 -d www 8000 >log 2>&1 & server=$!
            until grep -q Serving log; do sleep 0.02; done
            curl -sS --noproxy '*' http://127.0.0.1:8000/p
            curl -sS --noproxy '*' --parallel -o b1 http://127.0.0.1:8000/big -o b2 http://127.0.0.1:8000/big
            cmp b1 www/big && cmp b2 www/big && echo same
            curl -sS --noproxy '*' -o /dev/null -w '%{http_code}\n' http://localhost:8000/none
            curl -s --noproxy '*' --max-time 5 https://example.com || echo "no way out: $?"
            kill $server
            """#,
        says: "page\nsame\n404\nno way out: 6\n"
    )

    static let chromium = OrdinaryProgram(
        name: "headless Chromium",
        needs: ["/usr/bin/chromium"],
        package: "chromium",
        script: #"""
            cat > p.html <<'X'
            <body style="margin:0;background:#f00"><p id=a></p><canvas id=c width=8 height=8></canvas><script>
            (async () => {
              const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(6 * 7)"])));
              const value = await new Promise(done => worker.onmessage = e => done(e.data));
              document.getElementById("a").textContent = "worker " + value + " " + crypto.getRandomValues(new Uint8Array(4)).length;
            })();
            </script>
            X
            run() { chromium --headless --no-sandbox --disable-gpu --user-data-dir=/tmp/profile --virtual-time-budget=5000 "$@" 2>err; }
            run --allow-file-access-from-files --dump-dom file:///tmp/p.html | grep -o '<p id="a">.*</p>'
            run --screenshot=/tmp/s.png --window-size=320,240 "data:text/html,<body style=background:%23f00>" || cat err
            python3 - <<'X'
            import struct, zlib
            data, pixels, at = open("/tmp/s.png", "rb").read(), b"", 8
            assert data[:8] == b"\x89PNG\r\n\x1a\n"
            while at < len(data):
                size, kind = struct.unpack(">I4s", data[at:at + 8])
                if kind == b"IHDR": print(*struct.unpack(">II", data[at + 8:at + 16]))
                if kind == b"IDAT": pixels += data[at + 8:at + 8 + size]
                at += size + 12
            print(tuple(zlib.decompress(pixels)[1:4]))
            X
            """#,
        says: "<p id=\"a\">worker 42 4</p>\n320 240\n(255, 0, 0)\n"
    )

    static let postgres = OrdinaryProgram(
        name: "PostgreSQL",
        needs: ["/usr/lib/postgresql/*/bin/initdb"],
        package: "postgresql",
        script: #"""
            set -- /usr/lib/postgresql/*/bin; PATH=$1:$PATH
            initdb -D db -A trust -U me >i.log 2>&1 || cat i.log
            pg_ctl -D db -w -l pg.log -o "-k /tmp -c listen_addresses=" start >s.log 2>&1 || cat s.log pg.log
            psql="psql -h /tmp -U me -d postgres -qAt"
            $psql -c "create table t(a int primary key); insert into t select generate_series(1, 100000)"
            $psql -c "select sum(abs(a)) from t" & $psql -c "begin; update t set a = -a where a <= 10; commit" & wait
            $psql -c "set max_parallel_workers_per_gather=2; set parallel_setup_cost=0; set min_parallel_table_scan_size=0;
              select count(*) from t where a < 0"
            pg_ctl -D db -m fast -w stop >/dev/null && echo stopped
            pg_ctl -D db -w -l pg.log -o "-k /tmp -c listen_addresses=" start >/dev/null && $psql -c "select min(a) from t"
            pg_ctl -D db -m immediate -w stop >/dev/null && echo stopped
            """#,
        says: "5000050000\n10\nstopped\n-10\nstopped\n"
    )
}
