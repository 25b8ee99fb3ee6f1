package import ChannelAccounts
package import Core
package import Sandbox

/// How the host stands: what the start-up summary and `nanoclaw status` print.
package struct HostStatus: Codable, Sendable {
    package var home: String
    package var pid: Int32
    package var startedAt: Timestamp
    /// The host accepts messages.
    package var isReady = false
    package var providers: [ProviderStatus] = []
    package var channels: [ChannelStatus] = []
    package var groups: [GroupStatus] = []
    package var sessions = SessionCounts()
    /// Runners that live, start, wait for a place or failed to start.
    package var runners: [RunnerStatus] = []
    /// The most runners that may live at once.
    package var maximumRunners: Int
    /// What the newest sandbox proved of itself; nil before the first.
    package var isolation: IsolationReport?
    /// People and chats that were turned away under `request_approval`.
    package var refused: [RefusedSender] = []
    /// What waits for somebody's word, oldest first; nil from a host that knows no approvals.
    package var approvals: [PendingApproval]? = []
    /// Tasks that will run; nil from a host that knows none.
    package var tasks: TaskCounts?
    /// What needs somebody's attention, in words.
    package var problems: [String] = []
}

extension HostStatus {
    /// Tasks at a glance.
    package struct TaskCounts: Codable, Sendable, Equatable {
        /// Those that will run again.
        package var active: Int
        package var paused: Int
        /// Those whose last runs failed.
        package var failing: Int
        /// When the next one is due; nil when none is.
        package var nextDue: Timestamp?
    }

    /// A configured model provider; none at all means `offline`.
    package struct ProviderStatus: Codable, Sendable, Equatable {
        package var name: String
        package var kind: String
        package var model: String
        package var baseURL: String
    }

    /// One adapter.
    package typealias ChannelStatus = ChannelAccounts.ChannelStatus

    /// One agent group.
    package struct GroupStatus: Codable, Sendable, Equatable {
        package var id: AgentGroupID
        package var name: String
        package var folder: String
        /// The provider's name; `offline` when none is set.
        package var provider: String
    }

    /// Sessions by state.
    package struct SessionCounts: Codable, Sendable, Equatable {
        package var total = 0
        /// With something still to do.
        package var dirty = 0
        package var running = 0
        /// Waiting for a place among the runners.
        package var queued = 0
        package var quarantined = 0
    }

    /// A session's runner.
    package struct RunnerStatus: Codable, Sendable, Equatable {
        package var session: SessionID
        package var agentGroup: AgentGroupID
        /// `looking`, `queued`, `starting`, `running`, `recovering` or `waiting` (to try again).
        package var state: String
        package var incarnation: Incarnation
        package var pid: Int32?
        /// Starts that failed in a row.
        package var failures: Int
        package var lastError: String?
    }

    /// A plan that waits for somebody's word.
    package struct PendingApproval: Codable, Sendable, Equatable {
        package var id: ApprovalID
        package var action: String
        package var title: String
        package var agentGroup: AgentGroupID?
        package var createdAt: Timestamp
        package var expiresAt: Timestamp
    }

    /// Somebody who was turned away until an owner has said a word.
    package struct RefusedSender: Codable, Sendable, Equatable {
        package var address: ChatAddress
        package var sender: String
        package var name: String?
        package var count: Int
        package var lastSeen: Timestamp
    }
}
