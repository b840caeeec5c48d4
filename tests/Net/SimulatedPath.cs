using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>What a path does to segments; the same both ways.</summary>
internal sealed record PathOptions
{
    public double Loss { get; init; }

    public double Reordering { get; init; }

    /// <summary>By how much later a segment that is reordered arrives; null: by some part of the delay.</summary>
    public TimeSpan? HeldBack { get; init; }

    public double Duplication { get; init; }

    public double Corruption { get; init; }

    /// <summary>One way.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(10);

    public int OctetsPerSecond { get; init; } = 1_250_000;

    /// <summary>Of the bottleneck; what comes when it is full is lost.</summary>
    public int QueueOctets { get; init; } = 64_000;

    public int MaximumTransmissionUnit { get; init; } = 1500;

    /// <summary>Whether the router says what does not fit, or keeps silent.</summary>
    public bool ReportsTooBig { get; init; } = true;

    /// <summary>How long an end lets segments wait, so that it takes many in one turn, as a busy processor does; zero: each has a turn of its own.</summary>
    public TimeSpan TurnInterval { get; init; }

    /// <summary>Whether a queue half full marks segments instead of letting it come to loss.</summary>
    public bool Marks { get; init; }
}

/// <summary>Two transmission control blocks and a path between them, in virtual time and in an order that follows from the seed: no thread, no clock.</summary>
internal sealed class SimulatedPath
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Number)> _events = new();
    private readonly PathOptions _options;
    private readonly Random _random;
    private long _number;

    public SimulatedPath(PathOptions options, int seed, TcpConfiguration? client = null, TcpConfiguration? server = null)
    {
        _options = options;
        _random = new(seed);
        Client = new(this, passive: false, client ?? new());
        Server = new(this, passive: true, server ?? client ?? new());
        (Client.Peer, Server.Peer) = (Server, Client);
    }

    public SimulatedEnd Client { get; }

    public SimulatedEnd Server { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1000);

    public int Lost { get; private set; }

    public int Marked { get; private set; }

    /// <summary>Called with each event.</summary>
    public Action? Watch { get; set; }

    /// <summary>Connects, sends octets both ways, closes, and says how long it took; ends by an exception when that is longer than a limit.</summary>
    public TimeSpan Transfer(byte[] up, byte[] down, TimeSpan limit)
    {
        TimeSpan start = Now;
        Client.ToSend = up;
        Server.ToSend = down;
        Client.Connect();
        while (!(Client.Received.Length == down.Length && Server.Received.Length == up.Length && Client.InputEnded && Server.InputEnded))
        {
            if (!_events.TryDequeue(out Action? action, out (TimeSpan At, long) when) || when.At - start > limit)
            {
                throw new TimeoutException(
                    $"After {Now - start}: client {Client.Block.Status} got {Client.Received.Length}, server {Server.Block.Status} got {Server.Received.Length}");
            }

            Now = when.At;
            action();
            Watch?.Invoke();
        }

        return Now - start;
    }

    public TimeSpan TurnInterval => _options.TurnInterval;

    public void At(TimeSpan time, Action action) => _events.Enqueue(action, (time, _number++));

    /// <summary>A segment leaves an end.</summary>
    public void Carry(SimulatedEnd from, byte[] segment, bool mayBeMarked)
    {
        if (segment.Length + Ipv4Header.Length > _options.MaximumTransmissionUnit)
        {
            Lost++;
            if (_options.ReportsTooBig)
                At(Now + _options.Delay, () => from.TooBig(segment, _options.MaximumTransmissionUnit));
            return;
        }

        TimeSpan departure = (from.LinkFree > Now ? from.LinkFree : Now) + TimeSpan.FromSeconds((double)(segment.Length + 34) / _options.OctetsPerSecond);
        double queued = (departure - Now).TotalSeconds * _options.OctetsPerSecond;
        if (queued > _options.QueueOctets || _random.NextDouble() < _options.Loss)
        {
            Lost++;
            return;
        }

        from.LinkFree = departure;
        bool marked = _options.Marks && mayBeMarked && queued > _options.QueueOctets / 2;
        Marked += marked ? 1 : 0;
        TimeSpan arrival = departure + _options.Delay;
        if (_random.NextDouble() < _options.Reordering)
            arrival += _options.HeldBack ?? _options.Delay * _random.NextDouble();
        if (_random.NextDouble() < _options.Duplication)
            At(arrival, () => from.Peer.Arrive(segment, marked));
        if (_random.NextDouble() < _options.Corruption)
        {
            segment = [.. segment];
            segment[_random.Next(segment.Length)] ^= (byte)(1 << _random.Next(8));
        }

        At(arrival, () => from.Peer.Arrive(segment, marked));
    }
}

/// <summary>One end: a block, and an application that writes what it has and reads what there is.</summary>
internal sealed class SimulatedEnd : ITcpConnectionOwner
{
    private readonly FramePool _pool;
    private readonly SimulatedPath _path;
    private readonly TcpConnectionKey _key;
    private readonly TcpByteStreams _streams;
    private readonly MemoryStream _received = new();
    private TimeSpan _scheduled = TimeSpan.MaxValue;
    private readonly List<Action> _waiting = [];
    private Task _flush = Task.CompletedTask;
    private int _written;
    private bool _closed;

    public SimulatedEnd(SimulatedPath path, bool passive, TcpConfiguration configuration)
    {
        _path = path;
        _pool = FramePool.Create(new FramePoolOptions { FrameCount = 64 });
        _key = passive ? new(new(TwoStacks.SecondAddress, 80), new(TwoStacks.FirstAddress, 50_000)) : new(new(TwoStacks.FirstAddress, 50_000), new(TwoStacks.SecondAddress, 80));
        _streams = new(configuration, System.IO.Pipelines.PipeScheduler.Inline);
        Block = new(_key, passive, configuration, _streams, Counters, new(configuration.TotalOutOfOrderOctets / ReassemblyQueue.BlockSize), this, timestampOffset: passive ? 77u : 0xFFFF_FF00u);
    }

    public SimulatedEnd Peer { get; set; } = null!;

    public TransmissionControlBlock Block { get; }

    public LayerCounters Counters { get; } = new("TCP");

    public TimeSpan LinkFree { get; set; }

    public byte[] ToSend { get; set; } = [];

    public MemoryStream Received => _received;

    public bool InputEnded { get; private set; }

    public int FramesHeld => _pool.RentedCount;

    // Close to the end of the sequence space, so that every longer transfer wraps.
    public void Connect() => Turn(() => Block.Connect(new(0xFFFF_0000)));

    public void Arrive(byte[] segment, bool marked)
    {
        if (TcpHeader.TryParse(segment, _key.Remote.Address, _key.Local.Address, out TcpHeader header, out int headerLength) is var error && error != WireError.None)
        {
            Counters.Drop(error);
            return;
        }

        void Take()
        {
            if (Block.State == TcpState.Closed && header.Has(TcpFlags.Syn))
            {
                Block.Accept(header, new(0x7FFF_0000));
                return;
            }

            Assert.True(_pool.TryRent(out FrameBuffer frame));
            frame.Append(segment.AsSpan(headerLength));
            Block.SegmentArrives(header, frame, 0, segment.Length - headerLength, marked);
        }

        if (_path.TurnInterval == TimeSpan.Zero)
        {
            Turn(Take);
            return;
        }

        _waiting.Add(Take);
        if (_waiting.Count == 1)
            _path.At(_path.Now + _path.TurnInterval, () => Turn(TakeAll));
    }

    private void TakeAll()
    {
        _waiting.ForEach(static take => take());
        _waiting.Clear();
    }

    public void TooBig(byte[] segment, int maximumTransmissionUnit)
    {
        TcpHeader.TryParseValidated(segment, out TcpHeader header, out _);
        Turn(() => Block.PathReported(
            new(TransportErrorKind.TooBig, IpProtocol.Tcp, _key.Local, _key.Remote, header.Sequence.Value, maximumTransmissionUnit)));
    }

    bool ITcpConnectionOwner.TryRent(out FrameBuffer segment) => _pool.TryRent(out segment);

    void ITcpConnectionOwner.Transmit(FrameBuffer segment, bool mayBeMarked)
    {
        _path.Carry(this, segment.Data.ToArray(), mayBeMarked);
        segment.Dispose();
    }

    void ITcpConnectionOwner.Established()
    {
    }

    void ITcpConnectionOwner.EnteredTimeWait()
    {
    }

    void ITcpConnectionOwner.Closed(TcpCloseReason reason)
    {
        if (reason is not TcpCloseReason.Closed)
            throw new TcpConnectionException(reason);
    }

    private void Turn(Action input)
    {
        Block.Begin(_path.Now);
        input();
        End();
        Read();
        Write();
        if (_streams.TakeSignals() is var signals && signals != TcpSignals.None)
        {
            Block.Begin(_path.Now);
            Block.TakeSignals(signals);
            End();
        }
    }

    private void End()
    {
        Block.End();
        TimeSpan deadline = Block.NextDeadline;
        if (deadline >= _scheduled || deadline == TimeSpan.MaxValue)
            return;
        _scheduled = deadline;
        _path.At(deadline, Deadline);
    }

    private void Deadline()
    {
        _scheduled = TimeSpan.MaxValue;
        Turn(Block.Expire);
    }

    private void Read()
    {
        while (_streams.Input.TryRead(out System.IO.Pipelines.ReadResult result))
        {
            foreach (ReadOnlyMemory<byte> part in result.Buffer)
                _received.Write(part.Span);
            _streams.Input.AdvanceTo(result.Buffer.End);
            InputEnded |= result.IsCompleted;
            if (result.IsCompleted)
                return;
        }
    }

    private void Write()
    {
        if (Block.State is not (TcpState.Established or TcpState.CloseWait))
            return;
        while (_flush.IsCompleted && _written < ToSend.Length)
        {
            int length = Math.Min(16_384, ToSend.Length - _written);
            _flush = _streams.Output.WriteAsync(ToSend.AsMemory(_written, length)).AsTask();
            _written += length;
        }

        if (_written == ToSend.Length && !_closed)
        {
            _closed = true;
            _streams.Output.Complete();
        }
    }
}
