using Troupe.Drivers.Contracts;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

/// <summary>The guest's half of a Xen network card without its actor, against a made-up other half.</summary>
internal sealed class NetFrontFixture
{
    public static readonly HardwareAddress Address = new(0x0016_3E01_0203);

    public const FrameOffloadFlags All = FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4 | FrameOffloadFlags.SegmentsIpv6;

    private int _events;

    public NetFrontFixture(bool offloads = true)
    {
        Backend = new FakeBackend(Frontend);
        NetFrontOptions options = new() { ReceiveFrameCount = 300, TransmitFrameCount = 64, BatchCount = 32, TransmitQueueLength = 32, Offloads = offloads };
        Device = new NetFrontDevice(Frontend, Frontend.CreateArena(options.RequiredDmaMemory), options);
        Device.Attach(Client);
    }

    public FakeFrontend Frontend { get; } = new();

    public RecordingClient Client { get; } = new();

    public FakeBackend Backend { get; }

    public NetFrontDevice Device { get; }

    /// <summary>Connects to another half that can all of it, or less.</summary>
    public void Start(FrameOffloadFlags offload = All, bool scatters = true)
    {
        Assert.True(Device.TryPrepare(1, OnEvent, out var numbers));
        Backend.Reset();
        Backend.TransmitRing = numbers[0].TransmitRing;
        Backend.ReceiveRing = numbers[0].ReceiveRing;
        Device.Start(new NetFrontAbilities(Address, offload, scatters));
    }

    public bool TryPrepare() => Device.TryPrepare(1, OnEvent, out _);

    /// <summary>Does what the actor does with its interrupt message, if there was an event.</summary>
    public void Run()
    {
        if (_events > 0)
        {
            _events = 0;
            while (Device.Service())
            {
            }
        }
    }

    public void Send(byte[] bytes, FrameOffloadFlags flags = FrameOffloadFlags.None)
    {
        Assert.True(Device.TransmitFrames.TryRent(out var frame));
        frame.Append(bytes);
        if (flags != FrameOffloadFlags.None)
        {
            frame.SetOffload(new FrameOffload(flags, ChecksumStart: 34, ChecksumOffset: 16));
        }

        Send(frame);
    }

    /// <summary>A frame in so many pieces, of so many bytes each, that is to be cut.</summary>
    public byte[] SendLarge(int pieces, int bytes, FrameOffloadFlags flags, ushort segment = 1000)
    {
        List<byte> sent = [];
        FrameBuffer whole = default;
        for (var index = 0; index < pieces; index++)
        {
            Assert.True(Device.TransmitFrames.TryRent(out var piece));
            byte[] data = [.. Enumerable.Range(index, bytes).Select(static value => (byte)value)];
            piece.Append(data);
            sent.AddRange(data);
            if (index == 0)
            {
                whole = piece;
            }
            else
            {
                whole.Attach(piece);
            }
        }

        whole.SetOffload(new FrameOffload(flags, ChecksumStart: 34, ChecksumOffset: 16, HeaderLength: 20, SegmentSize: segment));
        Send(whole);
        return [.. sent];
    }

    private void Send(FrameBuffer frame)
    {
        Assert.True(Device.Batches.TryRent(out var batch));
        Assert.True(batch.TryAdd(frame));
        Device.Transmit(batch);
    }

    /// <summary>Everything is back where it came from.</summary>
    public void StopAndFindNothingLost()
    {
        Device.Stop();
        Client.Clear();
        Assert.Equal((0, 0, 0, 0), (Device.ReceiveFrames.RentedCount, Device.TransmitFrames.RentedCount, Device.Batches.RentedCount, Frontend.GrantCount));
        Assert.Equal(0, Device.ReceiveFrames.MisuseCount + Device.TransmitFrames.MisuseCount);
    }

    private void OnEvent() => _events++;
}
