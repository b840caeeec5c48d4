using System.Buffers;
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Net.Contracts;

namespace Troupe.Verification.Scripts;

/// <summary>What the application does, and looks at what the host says of itself.</summary>
internal sealed class Calls(Bench bench)
{
    private static readonly TcpApplicationOptions _options = new() { RunsInTurns = true };

    private readonly List<TcpConnection> _connections = [];

    public async Task RunAsync(Statement line)
    {
        Flow flow = bench.FlowOf(line.Flow);
        switch (line.Verb.Key)
        {
            case "listen":
                await ListenAsync(line);
                break;
            case "stop-listening":
                await (bench.Listener ?? throw line.Verb.Wrong("Nobody listens.")).DisposeAsync();
                break;
            case "accept":
                Accept(line, flow);
                break;
            case "connect":
                Connect(line, flow);
                break;
            case "connected":
                await ConnectedAsync(line, flow);
                break;
            case "write":
                await WriteAsync(line, Connection(line, flow), flow);
                break;
            case "read":
                Read(line, Connection(line, flow), flow);
                break;
            case "close":
                await Connection(line, flow).DisposeAsync();
                break;
            case "shutdown":
                Connection(line, flow).Output.Complete();
                break;
            case "stop-reading":
                Connection(line, flow).Input.Complete();
                break;
            case "abort":
                Connection(line, flow).Abort();
                break;
            case "set":
                Set(line, Connection(line, flow).Settings);
                break;
            case "open" when Connection(line, flow).Completion.IsCompleted:
                throw bench.Fail(line, $"the connection is over: {await Connection(line, flow).Completion}");
            case "closed":
                await ClosedAsync(line, Connection(line, flow));
                break;
            case "state":
                await StateAsync(line, flow);
                break;
            case "status":
                await StatusAsync(line, flow);
                break;
            case "isn-moved":
                IsnMoved(line, flow);
                break;
            case "isn-differs" when flow.HostInitial == bench.FlowOf(Own(line).Key).HostInitial:
                throw bench.Fail(line, "the initial sequence numbers are equal");
            case "counter":
                Count(line);
                break;
            case "nothing":
                await bench.SilenceAsync(line, bench.Reference + (line.Words.FirstOrDefault() is { } time ? (time with { Value = time.Key }).Duration : TimeSpan.Zero));
                return;
            case "address":
                Address(line);
                break;
        }

        await bench.Test.WhenIdle();
        bench.Reference = bench.Now;
    }

    /// <summary>Ends what the script left open.</summary>
    public async Task EndAsync()
    {
        foreach (TcpConnection connection in _connections)
            connection.Abort();
        await bench.Test.WhenIdle();
    }

    private async Task ListenAsync(Statement line)
    {
        Word port = Own(line);
        int? backlog = line.Find("backlog") is { } places ? (int)places.Number : null;
        TcpListener? listener = await bench.Stack.Tcp.AskAsync<TcpListener?>(
            reply => TcpMessage.Listen(new(new(default, (ushort)port.Number), _options, reply) { Backlog = backlog }));
        Expect(line, listener is null ? "in-use" : "ok", "ok");
        bench.Listener = listener ?? bench.Listener;
        bench.ListeningPort = (ushort)port.Number;
        bench.FlowOf(Flow.Main).LocalPort = bench.ListeningPort;
    }

    private void Accept(Statement line, Flow flow)
    {
        TcpListener listener = bench.Listener ?? throw line.Verb.Wrong("Nobody listens.");
        if (!listener.TryAccept(out TcpConnection? connection))
        {
            Expect(line, "none", "ok");
            return;
        }

        Expect(line, "ok", "ok");
        _connections.Add(connection);
        if (connection.Key.Remote.Port != flow.PeerPort)
            throw bench.Fail(line, $"it is the connection with port {connection.Key.Remote.Port}, not with {flow.PeerPort}");
        Attach(flow, connection);
    }

    private void Connect(Statement line, Flow flow)
    {
        flow.PeerPort = (ushort)Own(line).Number;
        ushort from = (ushort)line.Number("from", 0);
        flow.LocalPort = from;
        IpEndPoint remote = new(line.Find("to")?.Address<Net.Wire.Ipv4Address>(Net.Wire.Ipv4Address.TryParse) ?? Bench.PeerAddress, flow.PeerPort);
        flow.Connecting = ConnectAsync(remote, from);
    }

    private async Task<TcpConnection> ConnectAsync(IpEndPoint remote, ushort from) => await bench.Stack.Tcp.AskAsync<TcpConnection>(
        reply => TcpMessage.Connect(new(remote, _options, reply) { Local = new(Net.Wire.Ipv4Address.Any, from) }), TimeSpan.FromHours(1));

    private async Task ConnectedAsync(Statement line, Flow flow)
    {
        Task<TcpConnection> connecting = flow.Connecting ?? throw line.Verb.Wrong("Nobody connects here.");
        if (!connecting.IsCompleted)
        {
            Expect(line, "pending", "ok");
            return;
        }

        try
        {
            TcpConnection connection = await connecting;
            Expect(line, "ok", "ok");
            _connections.Add(connection);
            Attach(flow, connection);
        }
        catch (AskFailedException failure) when (failure.InnerException is TcpConnectionException exception)
        {
            Expect(line, Name(exception.Reason), "ok");
        }
    }

    private async Task WriteAsync(Statement line, TcpConnection connection, Flow flow)
    {
        int count = (int)Own(line).Number;
        flow.Writing = WriteAsync(connection, Flow.Octets(flow.Written + 1, count));
        flow.Written += count;
        await bench.Test.WhenIdle();
        Expect(line, !flow.Writing.IsCompleted ? "waits" : (await flow.Writing).IsCompleted ? "closed" : "ok", "ok");
    }

    private static async Task<FlushResult> WriteAsync(TcpConnection connection, byte[] octets) => await connection.Output.WriteAsync(octets);

    private void Read(Statement line, TcpConnection connection, Flow flow)
    {
        Word wanted = Own(line);
        ReadResult result;
        try
        {
            if (!connection.Input.TryRead(out result))
            {
                if (line.Result?.Key != "none")
                    throw bench.Fail(line, "there is nothing to read");
                return;
            }
        }
        catch (TcpConnectionException exception)
        {
            Expect(line, Name(exception.Reason), "ok");
            return;
        }

        byte[] bytes = result.Buffer.ToArray();
        if (wanted.Key == "end")
        {
            connection.Input.AdvanceTo(result.Buffer.End);
            if (bytes.Length > 0)
                throw bench.Fail(line, $"there are {bytes.Length} octets still");
            if (!result.IsCompleted)
                throw bench.Fail(line, "there is no end");
            return;
        }

        // A look takes nothing.
        bool looks = line.Result?.Key == "none";
        int count = looks ? 0 : (int)wanted.Number;
        connection.Input.AdvanceTo(result.Buffer.GetPosition(Math.Min(count, bytes.Length)));
        if (looks)
            throw bench.Fail(line, $"there are {bytes.Length} octets");
        if (bytes.Length < count)
            throw bench.Fail(line, $"there are {bytes.Length} octets only");
        if (!bytes.AsSpan(0, count).SequenceEqual(Flow.Octets(flow.Read + 1, count)))
            throw bench.Fail(line, "the octets are not those that were sent");
        flow.Read += count;
    }

    private static void Set(Statement line, TcpConnectionSettings settings)
    {
        foreach (Word word in line.Words)
        {
            switch (word.Key)
            {
                case "no-delay":
                    settings.NoDelay = word.Switch;
                    break;
                case "keep-alive":
                    settings.KeepAlive = word.Switch;
                    break;
                case "keep-alive-time":
                    settings.KeepAliveTime = word.Duration;
                    break;
                case "keep-alive-interval":
                    settings.KeepAliveInterval = word.Duration;
                    break;
                case "keep-alive-probes":
                    settings.KeepAliveProbes = (int)word.Number;
                    break;
                case "user-timeout":
                    settings.UserTimeout = word.Duration;
                    break;
                case "receive-buffer":
                    settings.ReceiveBuffer = (int)word.Number;
                    break;
                case "dscp":
                    settings.DifferentiatedServices = (byte)word.Number;
                    break;
                default:
                    settings.HopLimit = (byte)word.Number;
                    break;
            }
        }
    }

    private async Task ClosedAsync(Statement line, TcpConnection connection)
    {
        string wanted = Own(line).Key;
        if (!connection.Completion.IsCompleted)
            throw bench.Fail(line, "the connection is open");
        if (Name(await connection.Completion) is var reason && reason != wanted)
            throw bench.Fail(line, $"it is {reason}, not {wanted}");
    }

    private async Task StateAsync(Statement line, Flow flow)
    {
        TcpListing listing = await TcpListing.ReadAsync(bench.Stack.Tcp);
        string state = "gone";
        if (listing.TimeWait.Any(entry => Is(entry.Key, flow)))
            state = "time-wait";
        foreach (TcpConnectionStatus status in await listing.ReadConnectionsAsync())
        {
            if (Is(status.Key, flow))
                state = Kebab(status.State.ToString());
        }

        if (Own(line).Key is var wanted && state != wanted)
            throw bench.Fail(line, $"it is {state}, not {wanted}");
    }

    private async Task StatusAsync(Statement line, Flow flow)
    {
        TcpConnectionStatus status = (await bench.Stack.ListConnectionsAsync()).FirstOrDefault(status => Is(status.Key, flow));
        foreach (Word word in line.Words)
        {
            long actual = word.Key switch
            {
                "cwnd" => status.CongestionWindow,
                "ssthresh" => status.SlowStartThreshold,
                "rto" => (long)status.RetransmissionTimeout.TotalMilliseconds,
                "srtt" => (long)(status.RoundTripTime?.TotalMilliseconds ?? -1),
                "rttvar" => (long)status.RoundTripTimeVariation.TotalMilliseconds,
                "outstanding" => status.Outstanding,
                "waiting" => status.Waiting,
                "send-window" => status.SendWindow,
                "unread" => status.Unread,
                "receive-window" => status.ReceiveWindow,
                "out-of-order" => status.OutOfOrder,
                "segment-size" => status.SegmentSize,
                _ => status.Retransmissions,
            };
            if (word.Mismatch(actual) is { } mismatch)
                throw bench.Fail(line, mismatch);
        }
    }

    private void IsnMoved(Statement line, Flow flow)
    {
        if (flow.EarlierInitial is not { } earlier || flow.HostInitial is not { } now)
            throw line.Verb.Wrong("There was no connection before with the same ports.");
        Word wanted = Own(line);
        if ((wanted with { Key = "isn-moved", Value = wanted.Key }).Mismatch((int)(now - earlier)) is { } mismatch)
            throw bench.Fail(line, mismatch);
    }

    // "counter TCP.Unacceptable=1", "counter ICMP.sent=3".
    private void Count(Statement line)
    {
        foreach (Word word in line.Words)
        {
            string[] parts = word.Key.Split('.');
            LayerCounters? counters = bench.Stack.Counters.FirstOrDefault(counters => counters.Layer == parts[0]);
            if (counters is null || parts.Length != 2)
                throw word.Wrong($"A counter is LAYER.NAME; the layers are {string.Join(", ", bench.Stack.Counters.Select(static counters => counters.Layer))}.");
            long actual = parts[1] switch
            {
                "received" => counters.Received,
                "sent" => counters.Sent,
                "cookies" => counters.Cookies,
                "reassembled" => counters.Reassembled,
                _ when Enum.TryParse(parts[1], out DropCause cause) => counters.Dropped(cause),
                _ => throw word.Wrong($"'{parts[1]}' is no counter: received, sent, cookies, reassembled, {string.Join(", ", Enum.GetNames<DropCause>())}."),
            };
            if (word.Mismatch(actual) is { } mismatch)
                throw bench.Fail(line, $"{mismatch}; {counters}");
        }
    }

    private void Address(Statement line)
    {
        string actual = bench.Stack.Configuration?.Address.ToString() ?? "none";
        if (Own(line).Key is var wanted && wanted != actual)
            throw bench.Fail(line, $"the address is {actual}, not {wanted}");
    }

    private void Expect(Statement line, string actual, string otherwise)
    {
        string wanted = line.Result?.Key ?? otherwise;
        if (actual != wanted)
            throw bench.Fail(line, $"it ended with '{actual}', not with '{wanted}'");
    }

    private static void Attach(Flow flow, TcpConnection connection)
    {
        flow.Connection = connection;
        flow.Written = flow.Read = 0;
    }

    private static TcpConnection Connection(Statement line, Flow flow) =>
        flow.Connection ?? throw line.Verb.Wrong("There is no connection yet: 'accept' or 'connected' comes first.");

    // The word that is a value without a key.
    private static Word Own(Statement line)
    {
        Word word = line.Words.First(static word => word.Value is null);
        return word with { Value = word.Key };
    }

    private static bool Is(TcpConnectionKey key, Flow flow) => key.Local.Port == flow.LocalPort && key.Remote.Port == flow.PeerPort;

    private static string Name(TcpCloseReason reason) => Kebab(reason.ToString());

    private static string Kebab(string name) =>
        string.Concat(name.Select(static (letter, index) => char.IsUpper(letter) && index > 0 ? "-" + char.ToLowerInvariant(letter) : char.ToLowerInvariant(letter).ToString()));
}
