using System.Diagnostics;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio network card with several queue pairs and its driver's actor.</summary>
internal sealed class MultiqueueFixture : IAsyncDisposable
{
    // VIRTIO 1.2, 5.1.3: MAC, STATUS, CTRL_VQ, MQ.
    private const ulong Features = VirtioFeatures.EventIndex | (1UL << 5) | (1UL << 16) | (1UL << 17) | (1UL << 22);
    private const byte Refused = 1;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly ActorSystem _system = new(new ActorSystemOptions { OnFailure = static _ => { } });
    private readonly FakeMemory _memory = new();
    private readonly int _pairs;
    private readonly bool _refusesPairs;

    public MultiqueueFixture(int pairs = 2, int wanted = 2, int? vectors = null, bool refusesPairs = false)
    {
        const int Ring = 64;
        _pairs = pairs;
        _refusesPairs = refusesPairs;
        Device = new FakeVirtioDevice(_memory, VirtioDeviceType.Network, (2 * pairs) + 1, Ring, Features);
        new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0, (byte)pairs, 0 }.CopyTo(Device.Configuration, 0);
        Device.OnNotify = Command;
        Pci = new FakePciDevice(Device, vectors ?? (2 * pairs) + 2);
        Arena = Pci.CreateArena(FakeArena.Ample);
        Driven = new VirtioNetDevice(VirtioPciTransport.Open(Pci), Arena, new VirtioNetOptions
        {
            RingSizeLimit = Ring,
            ReceiveFrameCount = 4 * Ring,
            TransmitFrameCount = 4 * Ring,
            BatchCount = 4 * Ring,
            TransmitQueueLength = 32,
            QueuePairs = wanted,
        });
        Driver = _system.Spawn(() => new VirtioNetDriver(Driven), new SpawnOptions { Name = "driver", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
    }

    public FakeVirtioDevice Device { get; }

    public FakePciDevice Pci { get; }

    public FakeArena Arena { get; }

    public VirtioNetDevice Driven { get; }

    public RecordingClient Client { get; } = new();

    public ActorRef<NetworkDeviceMessage> Driver { get; }

    /// <summary>Numbers of pairs that were asked for.</summary>
    public List<int> Asked { get; } = [];

    public async Task StartAsync()
    {
        await Driver.TellAsync(NetworkDeviceMessage.Attach(Client));
        await UntilAsync(_ => Client.Events.Count > 0);
    }

    /// <summary>Until every pair has its actor, which is a child of the driver.</summary>
    public Task OpenAsync() => UntilAsync(_ => _system.ActorCount == _pairs);

    /// <summary>A port whose flow leaves by a pair.</summary>
    public ushort PortOfPair(int pair) => (ushort)Enumerable.Range(0, 1000).First(port => FlowHash.Queue(FrameOf((ushort)port, 0), _pairs) == pair);

    /// <summary>Asks until it is so; each answer is a turn of the driver.</summary>
    public async Task<NetworkDeviceStatistics> UntilAsync(Func<NetworkDeviceStatistics, bool> isSo)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var seen = await Driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
            if (isSo(seen))
            {
                return seen;
            }

            Assert.True(clock.Elapsed < _patience, $"it did not come to it: {seen}");
        }
    }

    /// <summary>Sends a frame of a flow, which the port tells from others.</summary>
    public async Task SendAsync(ushort port, byte mark = 0)
    {
        Assert.True(Driven.Batches.TryRent(out var batch));
        Assert.True(Driven.TransmitFrames.TryRent(out var frame));
        frame.Append(FrameOf(port, mark));
        Assert.True(batch.TryAdd(frame));
        await Driver.TellAsync(NetworkDeviceMessage.Transmit(batch));
    }

    /// <summary>A frame of TCP over IPv4 from a port; the last octet is the mark.</summary>
    public static byte[] FrameOf(ushort port, byte mark)
    {
        var frame = new byte[60];
        (frame[12], frame[14], frame[23], frame[26], frame[30]) = (8, 0x45, 6, 10, 10);
        (frame[34], frame[35], frame[59]) = ((byte)(port >> 8), (byte)port, mark);
        return frame;
    }

    /// <summary>What left by each pair since the last call, waiting until it is so many.</summary>
    public async Task<List<byte[]>[]> SentAsync(int count)
    {
        var sent = Enumerable.Range(0, _pairs).Select(static _ => new List<byte[]>()).ToArray();
        await UntilAsync(_ =>
        {
            for (var pair = 0; pair < _pairs; pair++)
            {
                while (Device.TryTransmit(out var frame, pair: pair))
                {
                    sent[pair].Add(frame);
                }
            }

            return sent.Sum(static frames => frames.Count) == count;
        });
        return sent;
    }

    public async Task EndAndFindNothingLeakedAsync(int misuses = 0)
    {
        await Driver.StopAsync();
        Client.Clear();
        Assert.Equal((0, 0, 0), (Driven.ReceiveFrames.RentedCount, Driven.TransmitFrames.RentedCount, Driven.Batches.RentedCount));
        Assert.Equal(misuses, Driven.ReceiveFrames.MisuseCount + Driven.TransmitFrames.MisuseCount);
        Assert.Equal(0, Arena.BytesInQuarantine);
    }

    public ValueTask DisposeAsync() => _system.DisposeAsync();

    // 5.1.6.5: class 4, command 0, the number of pairs; the answer is one octet.
    private void Command(int queue)
    {
        if (queue != 2 * _pairs || !Device.Queues[queue].TryPop(out var head, out var pieces))
        {
            return;
        }

        Assert.Equal([(4, false), (1, true)], pieces.Select(static piece => (piece.Length, piece.Writable)));
        var command = _memory.At(pieces[0].Address, 4);
        Assert.Equal((4, 0), (command[0], command[1]));
        Asked.Add(command[2] | (command[3] << 8));
        _memory.At(pieces[1].Address, 1)[0] = _refusesPairs ? Refused : (byte)0;
        Device.Queues[queue].PushAndInterrupt((uint)head, 1);
    }
}
