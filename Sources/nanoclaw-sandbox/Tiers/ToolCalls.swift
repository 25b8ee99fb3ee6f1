import CLinux
import Glibc
import SandboxWire

/// The calls of the tool tier: each is a subreaper with the command's whole tree below it.
struct ToolCalls {
    private struct Call {
        let number: UInt32
        let subreaper: pid_t
        let channel: Int32
        var over = false
    }

    private let socket: Int32
    private let timeZone: String
    private var calls: [Call] = []
    private let deaths: Int32

    /// Most calls at once.
    private static let most = 56

    init(socket: Int32, timeZone: String) {
        self.socket = socket
        self.timeZone = timeZone
        clinux_block_signals()
        deaths = clinux_child_deaths()
    }

    /// Serves until the runner is gone; its end is the sandbox's.
    mutating func serve() -> Never {
        while true {
            let watched = [socket, deaths] + calls.map(\.channel)
            var ready = [UInt8](repeating: 0, count: watched.count)
            guard clinux_poll(watched, Int32(watched.count), -1, &ready) > 0 else { continue }
            for index in calls.indices where ready[index + 2] != 0 { hear(index) }
            if ready[1] != 0 { reap() }
            calls.removeAll { $0.over }
            guard ready[0] != 0 else { continue }
            switch Channel.receive(socket, limit: SandboxWire.maximumDatagram) {
            case .gone: _exit(0)
            case .nothing: continue
            case .message(let bytes, let descriptors):
                take(bytes, descriptors)
                for descriptor in descriptors { close(descriptor) }
            }
        }
    }

    private mutating func take(_ bytes: [UInt8], _ descriptors: [Int32]) {
        let request: ToolRequest
        do {
            request = try ToolRequest(decoding: bytes)
        } catch {
            answer(.failed(call: 0, step: error.message, errno: EPROTO))
            return
        }
        switch request {
        case .start(let call, let argv, let environment, let directory, let background):
            guard descriptors.count == 3 else {
                answer(.failed(call: call, step: "a start needs 3 descriptors", errno: EINVAL))
                return
            }
            guard !calls.contains(where: { $0.number == call }) else {
                answer(.failed(call: call, step: "the call runs already", errno: EEXIST))
                return
            }
            guard calls.count < Self.most else {
                answer(.failed(call: call, step: "\(Self.most) calls run already", errno: EAGAIN))
                return
            }
            let command = ToolCall(
                argv: argv,
                environment: variables(environment),
                directory: directory,
                background: background,
                streams: descriptors
            )
            do throws(StepError) {
                let (subreaper, channel) = try command.start()
                calls.append(Call(number: call, subreaper: subreaper, channel: channel))
            } catch {
                answer(.failed(call: call, step: error.step, errno: error.errno))
            }
        case .kill(let number, let signal):
            guard let call = calls.first(where: { $0.number == number }) else { return }
            withUnsafeBytes(of: signal) { _ = Channel.send(Array($0), over: call.channel) }
        }
    }

    /// The request's variables over the tier's own.
    private func variables(_ asked: [(String, String)]) -> [String] {
        var own = [
            ("HOME", "/workspace/agent"), ("PATH", Program.path), ("LANG", "C.UTF-8"), ("SWIFT_ROOT", "/"),
            ("http_proxy", "http://127.0.0.1:3128"), ("https_proxy", "http://127.0.0.1:3128"),
        ]
        if !timeZone.isEmpty { own.append(("TZ", timeZone)) }
        let names = Set(asked.map(\.0))
        return (own.filter { !names.contains($0.0) } + asked).map { "\($0.0)=\($0.1)" }
    }

    /// What a subreaper says: three numbers at its start, two at its end.
    private mutating func hear(_ index: Int) {
        let call = calls[index]
        guard case .message(let bytes, _) = Channel.receive(call.channel) else {
            // It was killed from within the tier: what it held came to this process.
            finish(index, code: 0, signal: SIGKILL)
            return
        }
        let numbers = bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
        switch numbers.count {
        case 3 where numbers[0] == 1: answer(.started(call: call.number, pid: numbers[1]))
        case 3:
            answer(.failed(call: call.number, step: "the command cannot be started", errno: numbers[1]))
            close(call.channel)
            calls[index].over = true
        case 2: finish(index, code: numbers[0], signal: numbers[1])
        default: break
        }
    }

    private mutating func finish(_ index: Int, code: Int32, signal: Int32) {
        guard !calls[index].over else { return }
        close(calls[index].channel)
        calls[index].over = true
        let kept = calls.filter { !$0.over }.map(\.subreaper)
        // Only what is no subreaper of a live call: orphans of one that was killed.
        clinux_end_strangers(kept, Int32(kept.count))
        answer(.exited(call: calls[index].number, code: code, signal: signal))
    }

    private func reap() {
        clinux_drain(deaths)
        var code: Int32 = 0
        var signal: Int32 = 0
        while clinux_wait(-1, 1, &code, &signal) > 0 {}
    }

    private func answer(_ event: ToolEvent) { Channel.send(event.encoded(), over: socket) }
}
