import Approvals
import CentralStore
import ChannelAccounts
import ChannelKit
package import ControlProtocol
package import Core
import GRDB
import People

/// One request on its way through a handler.
package struct ControlCall: Sendable {
    /// Who asks: `cli:<uid>`, as the kernel says.
    package let caller: UserID
    /// What they may ask for.
    package let authority: ControlAuthority
    /// To be taken one by one and finished before anything is changed.
    package var arguments: ControlArguments
    /// Sends an event ahead of the result; returns when the client's socket has taken it.
    package let emit: @Sendable (any Encodable & Sendable) async throws -> Void

    let command: String

    package init(
        caller: UserID,
        authority: ControlAuthority,
        request: ControlRequest,
        emit: @escaping @Sendable (any Encodable & Sendable) async throws -> Void
    ) {
        self.caller = caller
        self.authority = authority
        command = request.command
        arguments = ControlArguments(request)
        self.emit = emit
    }
}

/// What carries out one command.
package typealias ControlHandler = @Sendable (inout ControlCall) async throws -> JSONValue

/// The commands that a host understands, by name.
package struct ControlCommands: Sendable {
    private var handlers: [String: ControlHandler] = [:]
    /// Nil: there are no roles, and only the home's owner may ask.
    private var roles: RoleCheck?
    private var audit: CommandAudit?

    /// Knows nothing yet.
    package init() {}

    /// Everything that a host answers.
    package init(_ context: ControlContext) {
        roles = RoleCheck(context: context)
        audit = CommandAudit(store: context.store)
        if let approvals = context.approvals {
            add(ApprovalHandlers(context: context, approvals: approvals).handlers())
        }
        if let accounts = context.accounts {
            add(ChannelHandlers(context: context, accounts: accounts).handlers())
        }
        add(ChatHandlers(context: context).handlers())
        add(DestinationHandlers(context: context).handlers())
        add(GroupHandlers(context: context).handlers())
        add(LogHandlers(levels: context.levels).handlers())
        add(MessagingGroupHandlers(context: context).handlers())
        add(PairingHandlers(context: context).handlers())
        add(PeopleHandlers(context: context).handlers())
        add(PersonalDataHandlers(context: context).handlers())
        add(ProviderHandlers(context: context).handlers())
        add(RetentionHandlers(context: context).handlers())
        add(SessionHandlers(context: context).handlers())
        add(StatusHandlers(context: context).handlers())
        add(TaskHandlers(context: context).handlers())
        add(WiringHandlers(context: context).handlers())
    }

    /// Adds commands; of two with one name the later counts.
    package mutating func add(_ more: [String: ControlHandler]) {
        handlers.merge(more) { _, last in last }
    }

    func run(_ call: ControlCall) async throws -> JSONValue {
        guard let handler = handlers[call.command] else {
            throw ControlError(
                .unknownCommand,
                "the host knows no command \"\(call.command.prefix(60))\": is it older than this nanoclaw?"
            )
        }
        var given = call
        if call.authority != .homeOwner {
            guard let roles else { throw ControlError(.forbidden, "only the home's owner may ask") }
            do {
                try await roles.check(&given)
            } catch let error as ControlError where error.code == .forbidden {
                try await audit?.note(call, isAllowed: false)
                throw error
            }
        }
        let result = try await handler(&given)
        if CommandAudit.isChange(call.command) {
            do {
                try await audit?.note(call, isAllowed: true)
            } catch {
                throw ControlError(
                    .failed,
                    "\(call.command) is done, but could not be written into the audit: \(error)"
                )
            }
        }
        return result
    }
}

/// What the client is told about an error.
enum ControlFailure {
    static func describe(_ error: any Error) -> ControlError {
        switch error {
        case let error as ControlError: return error
        case let error as StoreError:
            let code: ControlError.Code =
                switch error.code {
                case .notFound, .ambiguous: .notFound
                case .conflict: .conflict
                case .invalid: .invalidArguments
                default: .failed
                }
            return ControlError(code, error.description)
        case let error as HostError:
            let code: ControlError.Code =
                switch error.code {
                case .notFound: .notFound
                case .invalid: .invalidArguments
                case .conflict: .conflict
                default: .failed
                }
            return ControlError(code, error.description)
        case let error as PeopleError:
            let code: ControlError.Code =
                switch error.code {
                case .forbidden: .forbidden
                case .invalid: .invalidArguments
                case .busy: .busy
                case .failed: .failed
                }
            return ControlError(code, error.message)
        case let error as ApprovalError:
            let code: ControlError.Code =
                switch error.code {
                case .notFound: .notFound
                case .forbidden: .forbidden
                case .notPending, .unwanted, .tooMany: .conflict
                case .invalidPlan, .invalidTerm, .unknownAction: .invalidArguments
                case .planChanged, .noApprover: .failed
                }
            return ControlError(code, error.description)
        case let error as AccountError:
            let code: ControlError.Code =
                switch error.code {
                case .unknown: .notFound
                case .invalid, .refused: .invalidArguments
                case .unreachable, .credential: .failed
                }
            return ControlError(code, error.message)
        case let error as ChannelSetupError:
            return ControlError(error.code == .unreachable ? .failed : .invalidArguments, error.message)
        case let error as CoreError: return ControlError(.invalidArguments, error.message)
        case let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT:
            return ControlError(.conflict, constraint(error))
        default: return ControlError(.failed, DiskFailure(error).map { "\($0.words) (\(error))" } ?? "\(error)")
        }
    }

    private static func constraint(_ error: DatabaseError) -> String {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY:
            "it exists already (\(error.message ?? "unique"))"
        case .SQLITE_CONSTRAINT_FOREIGNKEY: "something that it names does not exist, or something else still uses it"
        default: "the database refuses the value: \(error.message ?? "constraint")"
        }
    }
}
