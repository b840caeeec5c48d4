using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>A segment as the block sent it.</summary>
internal sealed record Sent(TcpHeader Header, byte[] Data, bool MayBeMarked)
{
    public TcpFlags Flags => Header.Flags;

    public uint Sequence => Header.Sequence.Value;

    public uint Acknowledgement => Header.Acknowledgement.Value;
}

/// <summary>One transmission control block on a bench: the test is the peer, the application and the clock. Everything is synchronous.</summary>
internal sealed class TcpHarness : ITcpConnectionOwner
{
    public const uint PeerInitial = 1000;
    public const uint OwnInitial = 5000;

    /// <summary>How long the handshake of <see cref="Selective"/> takes.</summary>
    public static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(20);

    public static readonly TcpConnectionKey Key = new(new(TwoStacks.FirstAddress, 80), new(TwoStacks.SecondAddress, 50_000));

    private readonly TcpConnectionKey _key;
    private readonly List<FrameBuffer> _exhausted = [];
    private readonly FramePool _pool = FramePool.Create(new FramePoolOptions { FrameCount = 512 });

    public TcpHarness(bool passive = true, TcpConfiguration? configuration = null, TcpConnectionKey? key = null)
    {
        _key = key ?? Key;
        Streams = new(configuration ?? new(), PipeScheduler.Inline);
        Block = new(_key, passive, configuration ?? new(), Streams, Counters, new(512), this);
    }

    public TcpByteStreams Streams { get; }

    public TransmissionControlBlock Block { get; }

    public LayerCounters Counters { get; } = new("TCP");

    public TimeSpan Now { get; set; } = TimeSpan.FromSeconds(100);

    public List<Sent> Output { get; } = [];

    public bool Recording { get; set; } = true;

    public bool IsEstablished { get; private set; }

    public TcpCloseReason? Closed { get; private set; }

    /// <summary>What segments may leave to the device.</summary>
    public FrameOffloadFlags TransmitOffload { get; init; }

    /// <summary>What each segment of <see cref="Output"/> left to it.</summary>
    public List<FrameOffload> Offloads { get; } = [];

    public int FramesHeld => _pool.RentedCount;

    /// <summary>A connection the peer opened, with the window and options it gives.</summary>
    public static TcpHarness Passive(TcpConfiguration? configuration = null, ushort window = 60_000, ushort segmentSize = 1000)
    {
        TcpHarness harness = new(passive: true, configuration);
        harness.Turn(() => harness.Block.Accept(
            Header(TcpFlags.Syn, PeerInitial, 0, window, new() { MaximumSegmentSize = segmentSize }), new(OwnInitial)));
        harness.Receive(TcpFlags.Ack, PeerInitial + 1, OwnInitial + 1, window: window);
        harness.Output.Clear();
        return harness;
    }

    /// <summary>The same with selective acknowledgements, and with timestamps if a first value is given.</summary>
    public static TcpHarness Selective(
        TcpConfiguration? configuration = null, uint? timestamp = null, ushort window = 60_000, FrameOffloadFlags offload = FrameOffloadFlags.None)
    {
        TcpHarness harness = new(passive: true, configuration) { TransmitOffload = offload };
        harness.Turn(() => harness.Block.Accept(
            Header(TcpFlags.Syn, PeerInitial, 0, window, new()
            {
                MaximumSegmentSize = 1000,
                SackPermitted = true,
                Timestamps = timestamp is { } value ? (value, 0) : null,
            }),
            new(OwnInitial)));
        harness.Now += RoundTrip;
        harness.Receive(TcpFlags.Ack, PeerInitial + 1, OwnInitial + 1, window: window, options: new()
        {
            Timestamps = timestamp is { } next ? (next, harness.Output[^1].Header.Options.Timestamps!.Value.Value) : null,
        });
        harness.Output.Clear();
        harness.Offloads.Clear();
        return harness;
    }

    /// <summary>The options of an acknowledgement that reports blocks.</summary>
    public static TcpOptions Blocks(params ReadOnlySpan<(uint Start, uint End)> blocks)
    {
        SackBlocks sack = default;
        foreach ((uint start, uint end) in blocks)
            Assert.True(sack.TryAdd(new(new(start), new(end))));
        return new() { Sack = sack };
    }

    public static TcpHeader Header(TcpFlags flags, uint sequence, uint acknowledgement, ushort window = 60_000, TcpOptions options = default) =>
        new(Key.Remote.Port, Key.Local.Port, new(sequence), new(acknowledgement), flags, window, options);

    /// <summary>Takes the pool's frames away but for a few.</summary>
    public void Exhaust(int leaving)
    {
        while (_pool.FrameCount - _pool.RentedCount > leaving && _pool.TryRent(out FrameBuffer frame))
            _exhausted.Add(frame);
    }

    /// <summary>Gives them back.</summary>
    public void ReleaseExhausted()
    {
        _exhausted.ForEach(static frame => frame.Dispose());
        _exhausted.Clear();
    }

    /// <summary>Data in buffers of some size, as a device gives large segments.</summary>
    public void ReceiveInPieces(uint sequence, uint acknowledgement, int length, int size) => Turn(() =>
    {
        byte[] data = Pattern(sequence, length);
        Assert.True(_pool.TryRent(out FrameBuffer frame));
        frame.Append(data.AsSpan(0, Math.Min(size, length)));
        for (int done = size; done < length; done += size)
        {
            Assert.True(_pool.TryRent(out FrameBuffer piece));
            piece.Append(data.AsSpan(done, Math.Min(size, length - done)));
            frame.Attach(piece);
        }

        Block.SegmentArrives(Header(TcpFlags.Ack, sequence, acknowledgement), frame, 0, length);
    });

    public void Receive(TcpFlags flags, uint sequence, uint acknowledgement, int length = 0, ushort window = 60_000, TcpOptions options = default) =>
        Turn(() => Arrive(flags, sequence, acknowledgement, Pattern(sequence, length), window, options));

    public void Arrive(
        TcpFlags flags, uint sequence, uint acknowledgement, ReadOnlySpan<byte> data, ushort window = 60_000, TcpOptions options = default, bool marked = false)
    {
        Assert.True(_pool.TryRent(out FrameBuffer frame));
        frame.Append(data);
        Block.SegmentArrives(Header(flags, sequence, acknowledgement, window, options), frame, 0, data.Length, marked);
    }

    /// <summary>The octets a stream has at a sequence number.</summary>
    public static byte[] Pattern(uint sequence, int length) => [.. Enumerable.Range(0, length).Select(index => (byte)((sequence + index) * 7))];

    public void Turn(Action? input = null)
    {
        Block.Begin(Now);
        input?.Invoke();
        TcpSignals signals = Streams.TakeSignals();
        if (signals != TcpSignals.None)
            Block.TakeSignals(signals);
        Block.End();
    }

    /// <summary>Moves the clock to the block's next deadline and lets it expire.</summary>
    public TimeSpan Expire()
    {
        TimeSpan waited = Block.NextDeadline - Now;
        Now = Block.NextDeadline;
        Turn(Block.Expire);
        return waited;
    }

    public void Write(int length)
    {
        Streams.Output.Write(new byte[length]);
        ValueTask<FlushResult> flush = Streams.Output.FlushAsync();
        _ = flush.AsTask();
        Turn();
    }

    public void Close()
    {
        Streams.Output.Complete();
        Turn();
    }

    public byte[] Read(int limit = int.MaxValue)
    {
        if (!Streams.Input.TryRead(out ReadResult result))
            return [];
        ReadOnlySequence<byte> taken = result.Buffer.Slice(0, Math.Min(limit, result.Buffer.Length));
        byte[] bytes = taken.ToArray();
        Streams.Input.AdvanceTo(taken.End);
        return bytes;
    }

    public Sent Single()
    {
        Sent sent = Assert.Single(Output);
        Output.Clear();
        return sent;
    }

    FrameOffloadFlags ITcpConnectionOwner.TransmitOffload => TransmitOffload;

    bool ITcpConnectionOwner.TryRent(out FrameBuffer segment) => _pool.TryRent(out segment);

    void ITcpConnectionOwner.Transmit(FrameBuffer segment, bool mayBeMarked)
    {
        if (Recording)
        {
            List<byte> bytes = [];
            foreach (FramePiece piece in segment.Pieces)
                bytes.AddRange(piece.Data);
            byte[] whole = [.. bytes];
            if (segment.Offload.Flags != FrameOffloadFlags.None)
                Complete(whole, segment.Offload);
            Assert.Equal(WireError.None, TcpHeader.TryParse(whole, _key.Local.Address, _key.Remote.Address, out TcpHeader header, out int length));
            Output.Add(new(header, whole[length..], mayBeMarked));
            Offloads.Add(segment.Offload);
        }

        segment.Dispose();
    }

    // As a device does: the sum over all from the start on, the pseudo-header's included, which stands in the field.
    private static void Complete(byte[] segment, FrameOffload offload)
    {
        Assert.True((offload.Flags & FrameOffloadFlags.NeedsChecksum) != 0);
        ushort sum = InternetChecksum.Compute(segment.AsSpan(offload.ChecksumStart));
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(offload.ChecksumStart + offload.ChecksumOffset), sum);
    }

    void ITcpConnectionOwner.Established() => IsEstablished = true;

    void ITcpConnectionOwner.EnteredTimeWait()
    {
    }

    void ITcpConnectionOwner.Closed(TcpCloseReason reason) => Closed = reason;
}
