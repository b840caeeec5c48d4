using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>
/// A whole stack at 10.0.0.2 in virtual time, and the script at the other end of its link, at 10.0.0.1. What a frame or a call causes has happened when the next line
/// is looked at.
/// </summary>
internal sealed class Bench : NetworkDeviceClient, IRandomness
{
    public static readonly MacAddress PeerHardware = new(0x0200_0000_0001);
    public static readonly MacAddress HostHardware = new(0x0200_0000_0002);
    public static readonly Ipv4Address PeerAddress = Ipv4Address.From(10, 0, 0, 1);
    public static readonly Ipv4Address HostAddress = Ipv4Address.From(10, 0, 0, 2);
    public static readonly Ipv6Address PeerV6 = V6("fe80::1");

    private readonly Dictionary<string, Flow> _flows = [];
    private readonly Queue<Frame> _arrived = new();
    private readonly List<Frame> _trace = [];
    private readonly HashSet<string> _watched;
    private readonly Random _random;
    private readonly InProcessLink _link;
    private readonly Script _script;
    private readonly bool _answersArp;
    private TaskCompletionSource _arrival = new();

    private Bench(TestSystem test, Script script)
    {
        Test = test;
        _script = script;
        _link = new(test.System);
        _random = new(test.Seed);
        _watched = [.. script.Statements.Where(static line => line.Kind is StatementKind.Inject or StatementKind.Expect).Select(static line => line.Verb.Key)];
        _watched.UnionWith(script.Statements.Where(static line => line.Verb.Key == "watch").SelectMany(static line => line.Words).Select(static word => word.Key));
        _answersArp = !_watched.Contains("arp");
    }

    public TestSystem Test { get; }

    public NetworkStack Stack { get; private set; } = null!;

    public TcpListener? Listener { get; set; }

    public ushort ListeningPort { get; set; }

    /// <summary>When the line before was done: what the next one counts from.</summary>
    public TimeSpan Reference { get; set; }

    /// <summary>The transaction of the client's last DHCP message.</summary>
    public uint Transaction { get; private set; }

    /// <summary>The host's link-local address.</summary>
    public Ipv6Address HostV6 { get; private set; }

    public TimeSpan Now => Test.Time.Elapsed;

    public static Ipv6Address V6(string text) => Ipv6Address.TryParse(text, out Ipv6Address address) ? address : throw new FormatException(text);

    /// <summary>Runs a script; the seed decides the order of what happens at the same time, and the host's random numbers.</summary>
    public static void Run(Script script, int seed = 1) => TestSystem.Run(
        async test =>
        {
            Bench bench = new(test, script);
            await bench.StartAsync();
            Calls calls = new(bench);
            foreach (Statement line in script.Statements)
            {
                for (int time = 0; time < line.Repeat; time++)
                    await bench.RunAsync(line, calls, again: time > 0);
            }

            await test.WhenIdle();
            if (bench._arrived.TryPeek(out Frame? left))
                throw bench.Fail(script.Statements[^1], $"at the end there is one packet more: {left.Description}");
            if (test.System.FailureCount > 0)
                throw bench.Fail(script.Statements[^1], "an actor failed");
            await calls.EndAsync();
        },
        new TestOptions { Seed = seed });

    public void Fill(Span<byte> bytes) => _random.NextBytes(bytes);

    public ScriptFailedException Fail(Statement line, string message) => new(_script, line, message, _trace, Now);

    public Flow FlowOf(string name)
    {
        if (!_flows.TryGetValue(name, out Flow? flow))
            _flows.Add(name, flow = new(name, (ushort)(50_000 + _flows.Count)) { LocalPort = ListeningPort });
        return flow;
    }

    public Frame? LastSegment(string flow) => _trace.LastOrDefault(frame => frame.IsFromHost && frame.Protocol == "tcp" && FlowOf(frame).Name == flow);

    protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind != NetworkDeviceEventKind.Received)
            return true;
        FrameBatch frames = deviceEvent.Frames;
        while (frames.TryTake(out FrameBuffer buffer))
        {
            Record(new(buffer.Data.ToArray(), Now, isFromHost: true));
            buffer.Dispose();
        }

        frames.Dispose();
        return true;
    }

    private async Task StartAsync()
    {
        await _link.First.TellAsync(NetworkDeviceMessage.Attach(this));
        await Test.WhenIdle();
        NetworkConfiguration configuration = HostConfiguration.Create(_script);
        Stack = await NetworkStack.StartAsync(Test.System, _link.Second, configuration, this);
        if (_answersArp && configuration.Static is not null)
        {
            // The neighbours know each other, as they would after a packet.
            byte[] bytes = new byte[ArpPacket.Length];
            ArpPacket.Request(PeerHardware, PeerAddress, HostAddress).Write(bytes);
            await SendAsync([Ipv4Packets.Ethernet(EtherType.Arp, bytes, MacAddress.Broadcast)]);
        }

        if (configuration.Ipv6 is not null && !_watched.Contains("icmp6"))
            throw new InvalidOperationException("Only scripts about ICMPv6 have use for IPv6.");
        await Test.WhenIdle();
        if (configuration.Ipv6 is { DuplicateAddressProbes: 0 })
            FindHostV6();
        Reference = Now;
    }

    private async Task RunAsync(Statement line, Calls calls, bool again)
    {
        await Test.WhenIdle();
        switch (line.Kind)
        {
            case StatementKind.Expect:
                await ExpectAsync(line);
                return;
            case StatementKind.Wait:
                await SilenceAsync(line, Reference + line.After);
                return;
            case StatementKind.Inject:
                // What the first of many is answered with is for the lines behind them.
                if (!again || line.After > TimeSpan.Zero)
                    await SilenceAsync(line, Reference + line.After);
                foreach (byte[] frame in Build(line))
                {
                    Record(new(frame, Now, isFromHost: false));
                    await SendAsync([frame]);
                }

                return;
            default:
                if (line.After > TimeSpan.Zero)
                    await SilenceAsync(line, Reference + line.After);
                await calls.RunAsync(line);
                return;
        }
    }

    private IEnumerable<byte[]> Build(Statement line) => line.Verb.Key switch
    {
        "tcp" => TcpPackets.Build(line, line.Flow == "new" ? NewFlow() : FlowOf(line.Flow)),
        "udp" => IcmpPackets.BuildUdp(line),
        "ip" => IcmpPackets.BuildIp(line),
        "icmp" => IcmpPackets.Build(line, this),
        "arp" => [ArpPackets.Build(line)],
        "dhcp" => DhcpPackets.Build(line, this),
        _ => [Icmpv6Packets.Build(line, this)],
    };

    // "@new" is another connection each time.
    private Flow NewFlow() => FlowOf($"new{_flows.Count}");

    /// <summary>Nothing comes until a time.</summary>
    public async Task SilenceAsync(Statement line, TimeSpan until)
    {
        if (_arrived.Count == 0 && until > Now)
            await WaitAsync(until);
        if (_arrived.TryPeek(out Frame? frame))
            throw Fail(line, $"there is a packet before it that no line expects: {frame.Description}");
        Reference = until > Now ? until : Now;
    }

    private async Task ExpectAsync(Statement line)
    {
        TimeSpan due = Reference + line.After;
        if (_arrived.Count == 0)
            await WaitAsync(due + line.Tolerance);
        if (!_arrived.TryDequeue(out Frame? frame))
            throw Fail(line, $"nothing came until {(due + line.Tolerance).TotalSeconds:F6} s");
        if (Mismatch(line, frame) is { } mismatch)
            throw Fail(line, $"came {frame.Description}: {mismatch}");
        if (frame.At < due - line.Tolerance || frame.At > due + line.Tolerance)
            throw Fail(line, $"it came at {frame.At.TotalSeconds:F6} s, expected at {due.TotalSeconds:F6} s (after {(frame.At - Reference).TotalSeconds:F6} s instead of {line.After.TotalSeconds:F6})");
        Reference = frame.At;
    }

    private string? Mismatch(Statement line, Frame frame)
    {
        if (frame.Protocol != line.Verb.Key)
            return $"it is of {frame.Protocol}, not of {line.Verb.Key}";
        return frame.Protocol switch
        {
            "tcp" => TcpPackets.Mismatch(line, frame, FlowOf(frame), line.Flow == "new" ? FlowOf(frame).Name : line.Flow),
            "udp" => IcmpPackets.MismatchUdp(line, frame),
            "ip" => IcmpPackets.MismatchIp(line, frame),
            "icmp" => IcmpPackets.Mismatch(line, frame),
            "arp" => ArpPackets.Mismatch(line, frame),
            "dhcp" => DhcpPackets.Mismatch(line, frame),
            _ => Icmpv6Packets.Mismatch(line, frame, this),
        };
    }

    private async Task WaitAsync(TimeSpan until)
    {
        await Test.WhenIdle();
        if (_arrived.Count > 0 || until <= Now)
            return;
        using (Test.Time.CreateTimer(static arrival => ((TaskCompletionSource)arrival!).TrySetResult(), _arrival, until - Now, Timeout.InfiniteTimeSpan))
            await _arrival.Task;
        if (_arrival.Task.IsCompleted)
            _arrival = new();
        await Test.WhenIdle();
    }

    private async Task SendAsync(byte[][] frames)
    {
        foreach (byte[] bytes in frames)
        {
            if (!_link.FirstInformation.Batches.TryRent(out FrameBatch batch) || !_link.FirstInformation.TransmitFrames.TryRent(out FrameBuffer frame))
                throw new InvalidOperationException("The link has no frames left: they leaked.");
            frame.Append(bytes);
            batch.TryAdd(frame);
            await _link.First.TellAsync(NetworkDeviceMessage.Transmit(batch));
        }

        await Test.WhenIdle();
    }

    // In a turn of the link's device, which may not wait.
    private void TryAnswer(byte[] bytes)
    {
        if (!_link.FirstInformation.Batches.TryRent(out FrameBatch batch) || !_link.FirstInformation.TransmitFrames.TryRent(out FrameBuffer frame))
            throw new InvalidOperationException("The link has no frames left: they leaked.");
        frame.Append(bytes);
        batch.TryAdd(frame);
        _link.First.TryTell(NetworkDeviceMessage.Transmit(batch));
    }

    private void Record(Frame frame)
    {
        string protocol = frame.Protocol;
        if (frame.IsFromHost)
            Learn(frame, protocol);
        frame.Description = protocol switch
        {
            "tcp" => TcpPackets.Describe(frame, FlowOf(frame)),
            "icmp" => IcmpPackets.Describe(frame),
            "arp" => ArpPackets.Describe(frame),
            "dhcp" => DhcpPackets.Describe(frame),
            "icmp6" => Icmpv6Packets.Describe(frame),
            _ => $"{protocol} {frame.Bytes.Length} octets",
        };
        if (!_watched.Contains(protocol))
            return;
        _trace.Add(frame);
        if (!frame.IsFromHost)
            return;
        _arrived.Enqueue(frame);
        TaskCompletionSource arrival = _arrival;
        _arrival = new();
        arrival.TrySetResult();
    }

    private void Learn(Frame frame, string protocol)
    {
        if (protocol == "arp" && _answersArp && ArpPacket.TryParse(frame.Packet, out ArpPacket packet) == WireError.None &&
            packet is { Operation: ArpOperation.Request, IsAnnouncement: false } && packet.TargetProtocol != HostAddress)
        {
            byte[] bytes = new byte[ArpPacket.Length];
            packet.ReplyFrom(PeerHardware).Write(bytes);
            TryAnswer(Ipv4Packets.Ethernet(EtherType.Arp, bytes));
        }
        else if (protocol == "dhcp" && DhcpMessage.TryParseRequest(frame.Payload.AsSpan(UdpHeader.Length), out DhcpMessage message) == WireError.None)
        {
            Transaction = message.TransactionId;
        }
        else if (protocol == "icmp6" && HostV6.IsAny)
        {
            FindHostV6();
        }
        else if (protocol == "tcp")
        {
            LearnSegment(frame);
        }
    }

    private void LearnSegment(Frame frame)
    {
        Flow flow = FlowOf(frame);
        (TcpHeader header, _) = TcpPackets.Read(frame);
        if (header.Has(TcpFlags.Syn))
        {
            if (flow.HostInitial != header.Sequence.Value)
                (flow.EarlierInitial, flow.HostFirstTimestamp) = (flow.HostInitial, header.Options.Timestamps?.Value);
            flow.HostInitial = header.Sequence.Value;
        }

        if (header.Options.Timestamps is { } timestamps)
            flow.HostTimestamp = timestamps.Value;
    }

    // By its ports; a SYN of the host's from a port not seen before belongs to the connection that waits for it.
    private Flow FlowOf(Frame frame)
    {
        (TcpHeader header, _) = TcpPackets.Read(frame);
        (ushort local, ushort peer) = frame.IsFromHost ? (header.SourcePort, header.DestinationPort) : (header.DestinationPort, header.SourcePort);
        if (_flows.Values.FirstOrDefault(flow => flow.LocalPort == local && flow.PeerPort == peer) is { } known)
            return known;
        if (_flows.Values.FirstOrDefault(flow => flow.LocalPort == 0 && flow.PeerPort == peer) is { } waiting)
        {
            waiting.LocalPort = local;
            return waiting;
        }

        Flow unknown = NewFlow();
        (unknown.LocalPort, unknown.PeerPort) = (local, peer);
        return unknown;
    }

    private void FindHostV6() =>
        HostV6 = Stack.Addresses.Ipv6.FirstOrDefault(static own => own.Address.IsLinkLocal) is { Address: var address } ? address.Ipv6 : default;
}
