// RFC 9293 3.10.7: finding the connection a segment belongs to, and answering those that belong to none.
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>
/// The demultiplexer: tables of connections, listeners and TIME-WAIT. Segments go up by connection, dropping when one is
/// behind; it waits for nobody but the internet layer.
/// </summary>
public sealed partial class TcpActor : Actor<TcpMessage>, IStateful<TcpLayerState>
{
    private TcpShared _shared;
    private readonly Dictionary<TcpConnectionKey, ActorRef<TcpConnectionMessage>> _connections = [];
    private readonly ListenerTable _listeners = new();
    private TimeWaitTable _timeWait;
    private readonly TcpPorts _ports;
    private readonly Queue<(FrameBatch Segments, IpAddress Source, IpAddress Destination, InternetInterface Sender)> _answers = new();
    private SpawnOptions? _connectionOptions;
    private int _interfacesWaitedFor;
    private RateLimit _resets;
    private TimerHandle _tick;
    private FrameBatch _group;
    private ActorRef<TcpConnectionMessage>? _groupTarget;
    private TcpConnectionKey _groupKey;

    // Of the segment being looked at: the connection in TIME-WAIT that it ended.
    private TcpTimeWait? _reopened;

    /// <summary>A demultiplexer without listeners.</summary>
    public TcpActor(
        TcpConfiguration configuration, LinkResources link, InternetLayers internet, IRandomness randomness, TimeProvider time, LayerCounters counters)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _shared = new(configuration, link, counters, new(configuration.TotalOutOfOrderOctets / ReassemblyQueue.BlockSize), new(randomness, time), internet);
        _timeWait = new(configuration.TimeWaitConnections, configuration.TimeWait);
        _ports = new(randomness);
        _resets = new(configuration.ResetsPerSecond);
    }

    /// <inheritdoc/>
    protected override void Started() => _tick = Context.CreateTimer(TcpMessage.Tick());

    /// <inheritdoc/>
    protected override void Stopped() => _shared.Turns.Close();

    /// <inheritdoc/>
    public TcpLayerState ExportState()
    {
        // Answers that could not be sent are still owned here; they go with the next segments.
        if (_answers.Count > 0)
            throw new InvalidOperationException("Answers are still to be sent.");
        return new(
            _shared, _tick, [.. _connections.Select(static entry => new TcpConnectionEntry(entry.Key, entry.Value))], [.. _listeners.All],
            _timeWait.Export());
    }

    /// <inheritdoc/>
    public void ImportState(TcpLayerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _shared = state.Shared;
        _tick = state.Tick;
        foreach (TcpConnectionEntry entry in state.Connections)
            _connections.Add(entry.Key, entry.Connection);
        foreach (TcpListener listener in state.Listeners)
            _listeners.TryAdd(listener);
        _timeWait = new(Configuration.TimeWaitConnections, Configuration.TimeWait);
        _timeWait.Import(state.TimeWait);
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(TcpMessage message)
    {
        switch (message.Kind)
        {
            case TcpMessageKind.Received:
                ReceiveSegments(message.Frames);
                return _answers.Count == 0 ? default : SendAnswersAsync();
            case TcpMessageKind.Listen:
                Listen(message.ListenRequest!);
                break;
            case TcpMessageKind.StopListening:
                _listeners.Remove(message.Listener!);
                break;
            case TcpMessageKind.Connect:
                Connect(message.ConnectRequest!);
                break;
            case TcpMessageKind.ConnectionEnded:
                ConnectionEnded(message.End!);
                break;
            case TcpMessageKind.List:
                List(message.ListRequest!);
                break;
            case TcpMessageKind.Error:
                PathReported(message.Error!);
                break;
            case TcpMessageKind.Tick:
                _timeWait.Expire(Now);
                StartTick();
                break;
        }

        return default;
    }

    private TimeSpan Now => Context.Time.GetElapsedTime(0);

    private TcpConfiguration Configuration => _shared.Configuration;

    private LayerCounters Counters => _shared.Counters;

    private void ReceiveSegments(FrameBatch frames)
    {
        Counters.CountReceived(frames.Count);
        while (frames.TryTake(out FrameBuffer frame))
        {
            IpView packet = IpView.OfValidated(frame.Data);
            IpAddress source = packet.Source;
            IpAddress destination = packet.Destination;
            // What goes round in this host was never summed, and did not leave it.
            bool verified = (frame.Offload.Flags & (FrameOffloadFlags.ChecksumVerified | FrameOffloadFlags.NeedsChecksum)) != 0;
            WireError error = verified
                ? TcpHeader.TryParseValidated(packet.Payload, out TcpHeader header, out int headerLength)
                : TcpHeader.TryParse(packet.Payload, source, destination, out header, out headerLength);
            if (error != WireError.None)
            {
                Counters.Drop(error);
                frame.Dispose();
                continue;
            }

            TcpConnectionKey key = new(new(destination, header.DestinationPort), new(source, header.SourcePort));
            if (_groupTarget is not null && key == _groupKey)
                AddToGroup(frame);
            else if (_connections.TryGetValue(key, out ActorRef<TcpConnectionMessage>? connection))
                BeginGroup(key, connection, frame);
            else
                ArrivesForNone(key, header, frame, frame.TotalLength - packet.HeaderLength - headerLength);
        }

        EndGroup();
        frames.Dispose();
    }

    // Segments of one connection that stand next to each other travel as one message.
    private void BeginGroup(in TcpConnectionKey key, ActorRef<TcpConnectionMessage> target, FrameBuffer frame)
    {
        EndGroup();
        if (!_shared.Link.TryBatch(frame, out _group))
        {
            Counters.Drop(DropCause.NoBuffer);
            return;
        }

        _groupTarget = target;
        _groupKey = key;
    }

    private void AddToGroup(FrameBuffer frame)
    {
        // Batches of one pool are of one size, so what came in one batch fits one.
        if (_group.TryAdd(frame))
            return;
        Counters.Drop(DropCause.NoBuffer);
        frame.Dispose();
    }

    private void EndGroup()
    {
        if (_groupTarget is not { } target)
            return;
        _groupTarget = null;
        FrameBatch group = _group;
        _group = default;
        int count = group.Count;
        if (target.TryTell(TcpConnectionMessage.Segments(group)))
            return;
        Counters.Drop(DropCause.Overflow, count);
        group.Dispose();
    }

    private void ArrivesForNone(in TcpConnectionKey key, in TcpHeader header, FrameBuffer frame, int length)
    {
        _reopened = null;
        if (_timeWait.Count > 0 && _timeWait.Contains(key) && ArrivesInTimeWait(key, header))
        {
            frame.Dispose();
            return;
        }

        if (ArrivesForListener(key, header, frame))
            return;

        Counters.Drop(DropCause.NoListener);
        if (!header.Has(TcpFlags.Rst))
            AnswerWithReset(key, header, length);
        frame.Dispose();
    }

    private ActorRef<TcpConnectionMessage> Spawn(in TcpConnectionKey key, TcpConnectionActor behaviour)
    {
        // On no particular processor: it runs where its segments arrived, and is stolen from a worker that has more to do.
        int interfaces = _shared.Internet.Interfaces.Length;
        if (_connectionOptions is null || interfaces != _interfacesWaitedFor)
        {
            _interfacesWaitedFor = interfaces;
            _connectionOptions = new SpawnOptions
            {
                Mailbox = new MailboxOptions { Capacity = Configuration.ConnectionMailbox },
                WaitsFor = [.. _shared.Internet.WaitedFor, Context.Self],
            };
        }

        ActorRef<TcpConnectionMessage> connection = Context.Spawn(behaviour, _connectionOptions);
        _connections.Add(key, connection);
        return connection;
    }

    private bool ArrivesInTimeWait(in TcpConnectionKey key, in TcpHeader header)
    {
        switch (_timeWait.Judge(key, header, Now, out TcpTimeWait state))
        {
            case TimeWaitAnswer.Reopen when _listeners.TryFind(key.Local, out _):
                _timeWait.Remove(key, out _);
                _reopened = state;
                return false;
            case TimeWaitAnswer.Ignore:
                Counters.Drop(DropCause.Unacceptable);
                return true;
            default:
                // RFC 7323 3.2: each segment of a connection with timestamps has them.
                TcpOptions options = new() { Timestamps = state.RecentTimestamp is { } recent ? (Timestamps.Value(Now, state.TimestampOffset), recent) : null };
                Answer(key, state.SendNext, state.ReceiveNext, TcpFlags.Ack, state.Window, options);
                return true;
        }
    }

    // 3.10.7.1: a segment of no connection is answered with a reset it will believe.
    private void AnswerWithReset(in TcpConnectionKey key, in TcpHeader header, int length)
    {
        if (header.Has(TcpFlags.Ack))
        {
            Answer(key, header.Acknowledgement, default, TcpFlags.Rst, 0);
            return;
        }

        int octets = length + (header.Has(TcpFlags.Syn) ? 1 : 0) + (header.Has(TcpFlags.Fin) ? 1 : 0);
        Answer(key, default, header.Sequence + octets, TcpFlags.Rst | TcpFlags.Ack, 0);
    }

    private void Answer(in TcpConnectionKey key, SequenceNumber sequence, SequenceNumber acknowledgement, TcpFlags flags, ushort window, TcpOptions options = default)
    {
        if (_resets.TryTake(Now))
            Send(key, new(key.Local.Port, key.Remote.Port, sequence, acknowledgement, flags, window, options));
        else
            Counters.Drop(DropCause.RateLimited);
    }

    private void Send(in TcpConnectionKey key, in TcpHeader header)
    {
        InternetInterface sender = _shared.Internet.Of(key.Local.Address, key.Remote.Address);
        if (!sender.Link.Frames.TryRent(out FrameBuffer frame))
        {
            Counters.Drop(DropCause.NoBuffer);
            return;
        }

        header.Write(frame.Append(header.Length), key.Local.Address, key.Remote.Address);
        if (sender.Link.TryBatch(frame, out FrameBatch batch))
            _answers.Enqueue((batch, key.Local.Address, key.Remote.Address, sender));
        else
            Counters.Drop(DropCause.NoBuffer);
    }

    private async ValueTask SendAnswersAsync()
    {
        while (_answers.TryDequeue(out (FrameBatch Segments, IpAddress Source, IpAddress Destination, InternetInterface Sender) answer))
        {
            Counters.CountSent();
            await answer.Sender.LayerOf(answer.Destination).TellAsync(IpMessage.Send(answer.Segments, answer.Source, answer.Destination, IpProtocol.Tcp));
        }
    }

    private void Connect(TcpConnectRequest request)
    {
        // The own address tells the link, so no connection is told from another by its scope (RFC 4007), and no segment says one.
        int scope = (int)request.Remote.Scope;
        request = request with { Remote = request.Remote with { Scope = 0 } };
        IpAddress source = request.Local.Address;
        if (source.IsAny && !_shared.Internet.TrySelectSource(request.Remote.Address, scope, out source))
        {
            Refuse(request, DropCause.Unroutable, TcpCloseReason.NetworkUnreachable);
            return;
        }

        // RFC 9293 3.9.2.3: a connection has one other end.
        if (request.Remote.Address.IsMulticast || request.Remote.Address == Ipv4Address.Broadcast || request.Remote.Address.IsAny)
        {
            Refuse(request, DropCause.BadAddress, TcpCloseReason.NetworkUnreachable);
            return;
        }

        if (_connections.Count >= Configuration.Connections)
        {
            Refuse(request, DropCause.TableFull, TcpCloseReason.TableFull);
            return;
        }

        ushort port = request.Local.Port;
        bool picked = port != 0
            ? IsFree(port, source, request.Remote) || IsReusable(port, source, request.Remote)
            : _ports.TryPick(candidate => IsFree(candidate, source, request.Remote), out port)
                || _ports.TryPick(candidate => IsReusable(candidate, source, request.Remote), out port);
        if (!picked)
        {
            Refuse(request, DropCause.TableFull, TcpCloseReason.AddressInUse);
            return;
        }

        TcpConnectionKey key = new(new(source, port), request.Remote);
        SequenceNumber? after = _timeWait.Remove(key, out TcpTimeWait old) ? old.SendNext : null;
        Spawn(key, new TcpConnectionActor(_shared, key, request, Context.Self, ApplicationScheduler(request.Options)) { After = after });
    }

    private void Refuse(TcpConnectRequest request, DropCause cause, TcpCloseReason reason)
    {
        Counters.Drop(cause);
        request.Reply.TryFail(new TcpConnectionException(reason));
    }

    private bool IsFree(ushort port, IpAddress source, IpEndPoint remote)
    {
        TcpConnectionKey key = new(new(source, port), remote);
        return !_listeners.IsTaken(port) && !_connections.ContainsKey(key) && !_timeWait.Contains(key);
    }

    // RFC 6191 2, RFC 9293 3.4.1: with timestamps, a new connection may follow a closed one before its time is over.
    private bool IsReusable(ushort port, IpAddress source, IpEndPoint remote)
    {
        TcpConnectionKey key = new(new(source, port), remote);
        return Configuration.Timestamps && !_listeners.IsTaken(port) && !_connections.ContainsKey(key) && _timeWait.IsReusable(key, Now);
    }

    private void List(TcpListRequest request) => request.Reply.Set(new(
        [.. _connections.Select(static entry => new TcpConnectionEntry(entry.Key, entry.Value))],
        [.. _listeners.All.Select(static listener => new TcpListenerStatus(listener.Local, listener.Pending, listener.Backlog))],
        _timeWait.Export()));

    private void ConnectionEnded(TcpConnectionEnd end)
    {
        _connections.Remove(end.Key);
        if (end.TimeWait is { } timeWait)
        {
            _timeWait.Add(end.Key, timeWait, Now);
            StartTick();
        }
    }

    // A connection that is behind misses it; the next segment that does not arrive is reported again.
    private void PathReported(TransportError error)
    {
        if (_connections.TryGetValue(new(error.Local, error.Remote), out ActorRef<TcpConnectionMessage>? connection))
            connection.TryTell(TcpConnectionMessage.Failed(error));
        else
            Counters.Drop(DropCause.NoListener);
    }

    private void StartTick()
    {
        if (_timeWait.NextDeadline == TimeSpan.MaxValue || _tick.IsActive)
            return;
        TimeSpan wait = _timeWait.NextDeadline - Now;
        _tick.Restart(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }
}
