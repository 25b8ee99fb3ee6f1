/// The units of a service, as `nanoclaw service install` writes them.
struct ServiceUnits: Sendable {
    /// The home: absolute.
    let home: String
    /// The directory of the three programs: absolute.
    let binaries: String

    static let host = "nanoclaw.service"
    static let broker = "nanoclaw-broker.service"
    static let socket = "nanoclaw-broker.socket"
    /// The units of a service: a user's own, or the system's.
    static func names(isUser: Bool) -> [String] { isUser ? [host] : [host, socket, broker] }
    /// The service's user and group, which the control socket is open to.
    static let user = "nanoclaw"
    static let brokerSocket = "/run/nanoclaw/broker.sock"
    static let policy = "/etc/nanoclaw/broker.conf"

    /// An unprivileged host and the root broker that makes its sandboxes.
    var system: [UnitFile] {
        [
            UnitFile(name: Self.host, text: systemHost),
            UnitFile(name: Self.socket, text: brokerSocketUnit),
            UnitFile(name: Self.broker, text: brokerService),
        ]
    }

    /// The host alone, as the user's own; it makes its sandboxes without root.
    var user: [UnitFile] {
        [
            UnitFile(
                name: Self.host,
                text: """
                    [Unit]
                    Description=NanoClaw
                    \(Self.startLimit)

                    [Service]
                    \(supervision)
                    # Sandboxes get cgroups of their own below this one, where the session's manager grants them.
                    Delegate=yes
                    Environment=NANOCLAW_CGROUP=delegated
                    OOMPolicy=continue
                    LockPersonality=yes
                    SystemCallArchitectures=native

                    [Install]
                    WantedBy=default.target

                    """
            )
        ]
    }

    /// Five starts in a quarter of an hour, then none: the reason stands in the journal.
    ///
    /// Also five of the longest fit: each hangs for 120 s, is ended within 40 s, and the next one waits for 2 s.
    private static let startLimit = """
        StartLimitIntervalSec=900
        StartLimitBurst=5
        """

    /// 64 is wrong usage, 78 a configuration that cannot work: neither is better at the next try.
    private var supervision: String {
        """
        Type=notify
        NotifyAccess=main
        ExecStart=\(UnitFile.word(binaries + "/nanoclaw")) up --home \(UnitFile.word(home))
        WatchdogSec=60
        TimeoutStartSec=120
        TimeoutStopSec=40
        KillMode=mixed
        Restart=on-failure
        RestartSec=2
        RestartPreventExitStatus=64 78
        UMask=0077
        LimitNOFILE=524288
        LimitCORE=1
        """
    }

    private var systemHost: String {
        """
        [Unit]
        Description=NanoClaw host
        Requires=\(Self.socket)
        After=\(Self.socket)
        \(Self.startLimit)

        [Service]
        \(supervision)
        User=\(Self.user)
        Group=\(Self.user)
        Environment=NANOCLAW_SANDBOX_BROKER=\(Self.brokerSocket) NANOCLAW_CONTROL_GROUP=\(Self.user)
        TasksMax=4096
        # It makes no sandbox itself, so everything may be closed to it.
        NoNewPrivileges=yes
        CapabilityBoundingSet=
        AmbientCapabilities=
        ProtectSystem=strict
        ReadWritePaths=\(UnitFile.path(home))
        ProtectHome=\(protectHome)
        PrivateTmp=yes
        PrivateDevices=yes
        ProtectClock=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        RemoveIPC=yes
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallErrorNumber=EPERM

        [Install]
        WantedBy=multi-user.target

        """
    }

    private var brokerSocketUnit: String {
        """
        [Unit]
        Description=NanoClaw sandbox broker, socket

        [Socket]
        ListenSequentialPacket=\(Self.brokerSocket)
        SocketUser=\(Self.user)
        SocketGroup=\(Self.user)
        SocketMode=0600
        DirectoryMode=0755
        RemoveOnStop=yes

        [Install]
        WantedBy=sockets.target

        """
    }

    private var brokerService: String {
        """
        [Unit]
        Description=NanoClaw sandbox broker
        Requires=\(Self.socket)
        \(Self.startLimit)

        [Service]
        Type=exec
        ExecStart=\(UnitFile.word(binaries + "/nanoclaw-sandbox")) serve --policy \(UnitFile.word(Self.policy))
        Environment=SWIFT_ROOT=/
        Restart=on-failure
        RestartSec=2
        RestartPreventExitStatus=64 78
        KillMode=mixed
        TimeoutStopSec=20
        UMask=0077
        LimitNOFILE=524288
        LimitCORE=1
        # Every sandbox has a cgroup of its own below this one.
        Delegate=yes
        DelegateSubgroup=broker
        TasksMax=infinity
        OOMPolicy=continue
        # Building sandboxes takes these, and launchers give them up before anything runs. What over-mounts parts of
        # /proc, filters mounts, names or namespaces, or is inherited by programs stays out: ProtectKernelTunables,
        # ProtectKernelLogs, ProtectControlGroups, ProtectHostname, PrivateDevices, RestrictNamespaces,
        # RestrictSUIDSGID, MemoryDenyWriteExecute, SystemCallFilter.
        CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER \
        CAP_KILL CAP_NET_ADMIN CAP_SYS_RESOURCE CAP_SYS_CHROOT CAP_MKNOD
        ProtectSystem=strict
        ReadWritePaths=\(UnitFile.path(home))
        ProtectHome=\(protectHome)
        PrivateTmp=yes
        PrivateNetwork=yes
        ProtectClock=yes
        ProtectKernelModules=yes
        LockPersonality=yes
        RestrictRealtime=yes
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        SystemCallArchitectures=native

        """
    }

    /// The homes of people are hidden, unless this one lies there.
    private var protectHome: String {
        ["/home/", "/root/", "/run/user/"].contains { (home + "/").hasPrefix($0) } ? "no" : "yes"
    }
}
