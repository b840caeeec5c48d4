using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>What becomes of one frame on an in-process link.</summary>
[Flags]
public enum LinkFate
{
    /// <summary>It arrives.</summary>
    Deliver = 0,

    /// <summary>It is lost.</summary>
    Drop = 1,

    /// <summary>It arrives twice.</summary>
    Duplicate = 2,

    /// <summary>It arrives after the next one.</summary>
    Delay = 4,

    /// <summary>It arrives with one bit changed.</summary>
    Corrupt = 8,
}

/// <summary>
/// Two network devices at the ends of one cable inside the process: for stacks without a machine. A link may be told to
/// treat frames badly. The fate of frames is asked in each end's turns, of one object for each direction.
/// </summary>
public sealed class InProcessLink
{
    private readonly DeviceActor[] _ends;

    /// <summary>A link between two new devices of a system.</summary>
    /// <param name="system">Where the devices' actors live.</param>
    /// <param name="fate">The fate of a frame, by the end that sends it (0 or 1) and its bytes; null: all arrive.</param>
    /// <param name="frames">Frames of each device's pool.</param>
    /// <param name="number">Which of several links this is: devices of different ones have different hardware addresses.</param>
    /// <param name="maximumTransmissionUnit">Octets of the largest packet it takes.</param>
    public InProcessLink(
        ActorSystem system, Func<int, ReadOnlyMemory<byte>, LinkFate>? fate = null, int frames = 4096, int number = 0, int maximumTransmissionUnit = 1500)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)number, byte.MaxValue, nameof(number));
        DeviceActor first = new(0, frames, number, maximumTransmissionUnit, fate);
        DeviceActor second = new(1, frames, number, maximumTransmissionUnit, fate);
        first.Peer = second;
        second.Peer = first;
        _ends = [first, second];
        First = system.Spawn(first, new SpawnOptions { WaitsFor = [] });
        Second = system.Spawn(second, new SpawnOptions { WaitsFor = [] });
        FirstInformation = first.Information;
        SecondInformation = second.Information;
    }

    /// <summary>One end.</summary>
    public ActorRef<NetworkDeviceMessage> First { get; }

    /// <summary>The other end.</summary>
    public ActorRef<NetworkDeviceMessage> Second { get; }

    /// <summary>What the first end says of itself.</summary>
    public NetworkDeviceInformation FirstInformation { get; }

    /// <summary>What the second end says of itself.</summary>
    public NetworkDeviceInformation SecondInformation { get; }

    /// <summary>Pulls the cable, or plugs it in again: both devices tell their clients, and meanwhile no frame arrives.</summary>
    public void SetCarrier(bool isUp)
    {
        foreach (DeviceActor end in _ends)
            end.SetCarrier(isUp);
    }

    private sealed class DeviceActor(int end, int frames, int number, int maximumTransmissionUnit, Func<int, ReadOnlyMemory<byte>, LinkFate>? fate) : Actor<NetworkDeviceMessage>, IRefusesSwap
    {
        private NetworkDeviceClient? _client;
        private volatile bool _hasNoCarrier;
        private FrameBuffer _delayed;
        private FrameBatch _arriving;
        private int _corrupted;

        public DeviceActor Peer { get; set; } = null!;

        public NetworkDeviceInformation Information { get; } = new()
        {
            Name = $"in-process link, end {end}",
            // Locally administered (IEEE 802 clause 8.4).
            HardwareAddress = new(0x0200_0000_0001UL + (ulong)end + ((ulong)number << 8)),
            MaximumTransmissionUnit = maximumTransmissionUnit,
            TransmitFrames = FramePool.Create(new FramePoolOptions { FrameCount = frames }),
            Batches = FrameBatchPool.Create(frames / 4),
        };

        string IRefusesSwap.WhyNotSwapped => "the other end and the link refer to it, and its client is attached to it.";

        public void SetCarrier(bool isUp)
        {
            _hasNoCarrier = !isUp;
            Volatile.Read(ref _client)?.TryDeliver(NetworkDeviceEvent.LinkChanged(isUp));
        }

        protected override void Stopped()
        {
            _delayed.Dispose();
            _arriving.Dispose();
        }

        protected override ValueTask ReceiveAsync(NetworkDeviceMessage message)
        {
            switch (message.Kind)
            {
                case NetworkDeviceMessageKind.Attach:
                    NetworkDeviceContract.Instance.Observe(message.Client!, NetworkDeviceStep.Attach);
                    // Before the other end can see it: the start comes before any frame.
                    message.Client!.TryDeliver(NetworkDeviceEvent.Started(Information, isLinkUp: !_hasNoCarrier));
                    Volatile.Write(ref _client, message.Client);
                    break;
                case NetworkDeviceMessageKind.Detach:
                    NetworkDeviceContract.Detached(_client);
                    Volatile.Write(ref _client, null);
                    break;
                case NetworkDeviceMessageKind.Transmit:
                    Transmit(message.Frames);
                    break;
            }

            return default;
        }

        private void Transmit(FrameBatch batch)
        {
            while (batch.TryTake(out FrameBuffer frame))
            {
                LinkFate judged = _hasNoCarrier ? LinkFate.Drop : fate?.Invoke(end, frame.Memory) ?? LinkFate.Deliver;
                if ((judged & LinkFate.Corrupt) != 0)
                    frame.Data[(_corrupted * 31 + 7) % frame.Length] ^= (byte)(1 << (_corrupted++ & 7));
                if ((judged & LinkFate.Duplicate) != 0)
                    Arrive(frame);
                if ((judged & LinkFate.Drop) != 0)
                    frame.Dispose();
                else if ((judged & LinkFate.Delay) != 0 && _delayed.IsNone)
                    _delayed = frame;
                else
                    ArriveAndRelease(frame);
            }

            batch.Dispose();
            Deliver();
        }

        private void ArriveAndRelease(FrameBuffer frame)
        {
            Arrive(frame);
            frame.Dispose();
            if (_delayed.IsNone)
                return;
            FrameBuffer delayed = _delayed;
            _delayed = default;
            Arrive(delayed);
            delayed.Dispose();
        }

        // Into a frame of the peer's pool, as a device would write it into its receive ring.
        private void Arrive([Borrowed] FrameBuffer sent)
        {
            if (!Peer.Information.TransmitFrames.TryRent(out FrameBuffer frame))
                return;
            frame.Append(sent.Data);
            if (_arriving.IsNone && !Peer.Information.Batches.TryRent(out _arriving))
            {
                frame.Dispose();
                return;
            }

            if (!_arriving.TryAdd(frame))
                frame.Dispose();
            if (_arriving.IsFull)
                Deliver();
        }

        private void Deliver()
        {
            if (_arriving.IsNone)
                return;
            NetworkDeviceEvent received = NetworkDeviceEvent.Received(_arriving);
            _arriving = default;
            if (Volatile.Read(ref Peer._client) is not { } client || !client.TryDeliver(received))
                received.Dispose();
        }
    }
}
