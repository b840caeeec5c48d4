// VIRTIO 1.2, section 5.1: network device, from the device's side.
using System.Buffers.Binary;
using Troupe.Actors;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;

namespace Troupe.Verification.Simulator;

/// <summary>A virtio network card that can misbehave.</summary>
internal sealed class LyingVirtioCard(GuardedMemory memory, Random random, LyingVirtioDevice device) : ILyingCard
{
    private const int HeaderLength = 12;
    private const int ReceiveQueue = 0;
    private const int TransmitQueue = 1;
    private const ulong ReceiveChecksum = 1 << 1, MergedReceiveBuffers = 1 << 15;
    private const byte DataValid = 2;

    public IReadOnlyList<Misbehaviour> Kinds { get; } = Enum.GetValues<Misbehaviour>();

    public bool IsWell => device.IsWell;

    /// <summary>The card and its driver.</summary>
    public static (ILyingCard Card, DrivenCard Driven) Create(NetworkBench bench, Random random)
    {
        // Section 5.1.3: each may be offered or not. MAC and STATUS always: the configuration that changes under way has to be read.
        ulong features = (1 << 5) | (1 << 16);
        foreach (int bit in (int[])[0, 1, 3, 7, 8, 11, 12, 15, 29])
            features |= random.Next(2) == 0 ? 0 : 1UL << bit;
        byte[] configuration = [0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0, 1, 0, 0xDC, 0x05];
        int ring = 8 << random.Next(3);
        features |= ring == LyingVirtioDevice.PackedRing ? VirtioFeatures.RingPacked : 0;
        LyingVirtioDevice device = new(bench.Memory, random, VirtioDeviceType.Network, 2, ring, features, configuration);
        VirtioNetOptions options = new()
        {
            RingSizeLimit = ring,
            ReceiveFrameCount = ring + random.Next(8),
            TransmitFrameCount = 12,
            BatchCount = 12,
            TransmitQueueLength = 8,
            ReceiveBudget = 1 + random.Next(16),
        };
        VirtioNetDevice driven = new(VirtioMmioTransport.Open(device), device.CreateArena(options.RequiredDmaMemory), options);
        ActorRef<Drivers.Contracts.NetworkDeviceMessage> driver =
            bench.System.Spawn(() => new VirtioNetDriver(driven), new SpawnOptions { Name = "virtio-net", OnFailure = FailurePolicy.Restart });
        return (new LyingVirtioCard(bench.Memory, random, device), new(driver, driven.ReceiveFrames, driven.TransmitFrames, driven.Batches, () => device.Arena!.BytesInQuarantine));
    }

    public void Serve(Action<byte[]> wire)
    {
        if (!device.IsServing)
            return;
        LyingQueue queue = device.Queues[TransmitQueue];
        queue.TakeAll();
        foreach (LyingChain chain in queue.Taken.ToArray())
        {
            byte[] bytes = new byte[chain.Pieces.Sum(static piece => piece.Length)];
            int at = 0;
            foreach (LyingChain.Piece piece in chain.Pieces)
            {
                if (piece.IsWritable)
                    throw new InvariantException("A buffer to send from is writable.");
                memory.At(piece.Address, piece.Length).CopyTo(bytes.AsSpan(at));
                at += piece.Length;
            }

            wire(bytes[HeaderLength..]);
            device.Return(TransmitQueue, chain, 0);
        }
    }

    public bool TryDeliver(byte[] frame)
    {
        if (!device.IsServing)
            return false;
        LyingQueue queue = device.Queues[ReceiveQueue];
        queue.TakeAll();
        // A packet in two buffers is one that the device vouches for (section 5.1.6.3.1).
        bool isSplit = (device.DriverFeatures & (MergedReceiveBuffers | ReceiveChecksum)) == (MergedReceiveBuffers | ReceiveChecksum) && random.Next(4) == 0 && frame.Length > 100;
        if (queue.Taken.Count < (isSplit ? 2 : 1))
            return false;
        int first = isSplit ? frame.Length / 2 : frame.Length;
        LyingChain chain = queue.Taken[0];
        Span<byte> buffer = memory.At(chain.Pieces[0].Address, chain.Pieces[0].Length);
        if (chain.Pieces.Count != 1 || !chain.Pieces[0].IsWritable || buffer.Length < HeaderLength + frame.Length)
            throw new InvariantException($"A receive buffer of {buffer.Length} octets in {chain.Pieces.Count} pieces for a frame of {frame.Length}.");
        buffer[..HeaderLength].Clear();
        buffer[0] = isSplit ? DataValid : (byte)0;
        buffer[10] = isSplit ? (byte)2 : (byte)1;
        frame.AsSpan(0, first).CopyTo(buffer[HeaderLength..]);
        queue.Taken.RemoveAt(0);
        if (!isSplit)
        {
            device.Complete(ReceiveQueue, chain.Head, (uint)(HeaderLength + first));
            return true;
        }

        // Both are used before the driver runs: this is one thread.
        LyingChain rest = queue.Taken[0];
        queue.Taken.RemoveAt(0);
        frame.AsSpan(first).CopyTo(memory.At(rest.Pieces[0].Address, rest.Pieces[0].Length));
        device.Complete(ReceiveQueue, chain.Head, (uint)(HeaderLength + first));
        device.Complete(ReceiveQueue, rest.Head, (uint)(frame.Length - first));
        return true;
    }

    public bool Misbehave(Misbehaviour kind)
    {
        if (kind != Misbehaviour.HeaderGarbage)
            return device.Misbehave(kind);
        if (!device.IsServing)
            return false;
        LyingQueue queue = device.Queues[ReceiveQueue];
        queue.TakeAll();
        if (queue.Taken.Count == 0)
            return false;
        LyingChain chain = queue.Taken[0];
        Span<byte> header = memory.At(chain.Pieces[0].Address, HeaderLength);
        random.NextBytes(header);
        if (random.Next(2) == 0)
            BinaryPrimitives.WriteUInt16LittleEndian(header[10..], (ushort)random.Next(queue.Size + 2));
        if (random.Next(2) == 0)
            header[1] = 0;
        device.Return(ReceiveQueue, chain, random.Next(2) == 0 ? random.Next(32) : random.Next(chain.Writable + 1));
        return true;
    }

    // A network card that says nothing has nobody who waits for it: it asks for the reset itself.
    public void Heal() => device.Heal(saysSo: true);
}
