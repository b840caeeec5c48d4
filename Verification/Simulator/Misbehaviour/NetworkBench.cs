using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;

namespace Troupe.Verification.Simulator;

/// <summary>A network card that can misbehave.</summary>
internal interface ILyingCard
{
    /// <summary>What it can do wrong.</summary>
    IReadOnlyList<Misbehaviour> Kinds { get; }

    /// <summary>Whether it was reset since it was told to behave.</summary>
    bool IsWell { get; }

    /// <summary>Takes what is to be sent, and does what else is to be done.</summary>
    void Serve(Action<byte[]> wire);

    /// <summary>A frame arrives. False: there is no room for it.</summary>
    bool TryDeliver(byte[] frame);

    /// <inheritdoc cref="DeviceBench.Misbehave"/>
    bool Misbehave(Misbehaviour kind);

    /// <inheritdoc cref="DeviceBench.Heal"/>
    void Heal();
}

/// <summary>What a driver of a network card has for its client.</summary>
internal sealed record DrivenCard(ActorRef<NetworkDeviceMessage> Driver, FramePool Receive, FramePool Transmit, FrameBatchPool Batches, Func<long> BytesInQuarantine);

/// <summary>A network card, its driver, and a client that sends and receives frames which say themselves whether they are whole.</summary>
internal sealed class NetworkBench : DeviceBench
{
    private const int HeaderLength = 14;
    private const int ShortestFrame = HeaderLength + 12;
    private const int LongestFrame = 1514;

    private readonly Client _client;
    private readonly ILyingCard _card;
    private readonly DrivenCard _driven;
    private uint _number;
    private long _sent;
    private int _wellSent;

    public NetworkBench(Random random, DeterministicHost host, Func<NetworkBench, (ILyingCard Card, DrivenCard Driven)> create) : base(random, host)
    {
        (_card, _driven) = create(this);
        _client = new(_card, _driven.Receive.FrameSize);
    }

    public override IReadOnlyList<Misbehaviour> Kinds => _card.Kinds;

    // As long as one rests.
    public override TimeSpan LongestWait => TimeSpan.FromSeconds(1);

    protected override bool HasEnded => _driven.Driver.Terminated.IsCompleted;

    protected override long MisuseCount => _driven.Receive.MisuseCount + _driven.Transmit.MisuseCount + _driven.Batches.MisuseCount;

    protected override int RentedCount => _driven.Receive.RentedCount + _driven.Transmit.RentedCount + _driven.Batches.RentedCount;

    protected override long BytesInQuarantine => _driven.BytesInQuarantine();

    public override async Task StartAsync()
    {
        if (!_driven.Driver.TryTell(NetworkDeviceMessage.Attach(_client)))
            throw new InvariantException("The driver takes no message.");
        await UntilAsync(() => _client.IsStarted, TimeSpan.FromMinutes(1), "the first start");
    }

    public override void Work()
    {
        switch (Random.Next(8))
        {
            case 0:
                _client.Refuses = Random.Next(3) == 0;
                break;
            case 1:
                _client.Holds = Random.Next(3) == 0;
                break;
            case 2:
                _client.Release();
                break;
            default:
                Send(1 + Random.Next(6));
                break;
        }
    }

    public override void Serve()
    {
        _card.Serve(OnWire);
        for (int frames = Random.Next(4); frames > 0; frames--)
            _card.TryDeliver(NewFrame());
    }

    public override bool Misbehave(Misbehaviour kind) => _card.Misbehave(kind);

    public override void Heal()
    {
        (_client.Refuses, _client.Holds) = (false, false);
        _client.Release();
        _card.Heal();
    }

    public override async Task FinishAsync(TimeSpan latest)
    {
        await UntilAsync(() => _card.IsWell && _client.IsStarted, latest, "a start after the last fault");
        await UntilAsync(
            () =>
            {
                Send(1);
                return _wellSent >= 3 && _client.WellReceived >= 3;
            },
            latest,
            "a frame in both directions after the last fault");
    }

    public override async Task<(long Violations, long Resets)> CountAsync()
    {
        // What a driver has left in its ring for want of buffers comes within milliseconds.
        await Task.Delay(TimeSpan.FromMilliseconds(200), Host.Time);
        await Host.WhenIdle();
        NetworkDeviceStatistics counted = await _driven.Driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        if (counted.ReceivedFrames != _client.Received || counted.ReceivedBytes != _client.ReceivedBytes)
            throw new InvariantException($"The driver handed {counted.ReceivedFrames} frames on, and {_client.Received} arrived.");
        long gone = counted.TransmittedFrames + counted.TransmitDroppedQueueFull + counted.TransmitDroppedInvalid + counted.TransmitDroppedNoFrame + counted.TransmitLostInReset;
        // Of a card with buffers of its own, what is under way is in no frame.
        if (gone > _sent || gone + _driven.Transmit.RentedCount < _sent - MostUnderWay)
            throw new InvariantException($"{_sent} frames were handed over, {gone} are accounted for and {_driven.Transmit.RentedCount} are under way.");
        return (counted.DeviceViolations, counted.Resets);
    }

    // The RTL8139 copies into four buffers.
    private const int MostUnderWay = 4;

    private byte[] NewFrame()
    {
        byte[] frame = new byte[Random.Next(3) == 0 ? LongestFrame : Random.Next(60, LongestFrame)];
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(HeaderLength), ++_number);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(HeaderLength + 4), frame.Length);
        for (int index = ShortestFrame; index < frame.Length; index++)
            frame[index] = (byte)(_number + (uint)index);
        return frame;
    }

    internal static bool IsWhole(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < ShortestFrame || BinaryPrimitives.ReadInt32LittleEndian(frame[(HeaderLength + 4)..]) != frame.Length)
            return false;
        uint number = BinaryPrimitives.ReadUInt32LittleEndian(frame[HeaderLength..]);
        for (int index = ShortestFrame; index < frame.Length; index++)
        {
            if (frame[index] != (byte)(number + (uint)index))
                return false;
        }

        return true;
    }

    private void OnWire(byte[] frame)
    {
        if (!_card.IsWell)
            return;
        _wellSent++;
        if (!IsWhole(frame))
            throw new InvariantException($"A frame of {frame.Length} octets was sent that nobody wrote, on a device that behaves.");
    }

    private void Send(int count)
    {
        if (!_driven.Batches.TryRent(out FrameBatch batch))
            return;
        int added = 0;
        for (; added < count && _driven.Transmit.TryRent(out FrameBuffer frame); added++)
        {
            frame.Append(NewFrame());
            if (!batch.TryAdd(frame))
                frame.Dispose();
        }

        NetworkDeviceMessage message = NetworkDeviceMessage.Transmit(batch);
        if (_driven.Driver.TryTell(message))
            _sent += added;
        else
            message.Dispose();
    }

    private sealed class Client(ILyingCard card, int frameSize) : NetworkDeviceClient
    {
        // Of a packet of several buffers: the largest of IP, behind the longest header.
        private const int LargestPacket = 65535 + 18;

        private readonly List<FrameBatch> _held = [];

        public bool Refuses { get; set; }

        public bool Holds { get; set; }

        public bool IsStarted { get; private set; }

        public long Received { get; private set; }

        public long ReceivedBytes { get; private set; }

        public int WellReceived { get; private set; }

        public void Release()
        {
            _held.ForEach(static batch => batch.Dispose());
            _held.Clear();
        }

        protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
        {
            if (Refuses)
                return false;
            switch (deviceEvent.Kind)
            {
                case NetworkDeviceEventKind.Received:
                    Take(deviceEvent.Frames);
                    if (Holds)
                        _held.Add(deviceEvent.Frames);
                    else
                        deviceEvent.Dispose();
                    break;
                case NetworkDeviceEventKind.Started:
                    IsStarted = true;
                    break;
                case NetworkDeviceEventKind.Stopped:
                    IsStarted = false;
                    break;
                default:
                    break;
            }

            return true;
        }

        private void Take(FrameBatch batch)
        {
            if (!IsStarted)
                throw new InvariantException("A frame came before the news of the start.");
            for (int index = 0; index < batch.Count; index++)
            {
                FrameBuffer frame = batch[index];
                Received++;
                ReceivedBytes += frame.TotalLength;
                if (frame.Length < HeaderLength || frame.Length > frameSize || frame.TotalLength > LargestPacket)
                    throw new InvariantException($"A frame of {frame.Length} octets, {frame.TotalLength} with all pieces, was handed on from buffers of {frameSize}.");
                if (!card.IsWell)
                    continue;
                WellReceived++;
                byte[] whole = new byte[frame.TotalLength];
                int at = 0;
                foreach (FramePiece piece in frame.Pieces)
                {
                    piece.Data.CopyTo(whole.AsSpan(at));
                    at += piece.Length;
                }

                if (!IsWhole(whole))
                    throw new InvariantException($"A frame of {whole.Length} octets was handed on that never arrived, from a device that behaves.");
            }
        }
    }
}
