using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>
/// Received frames of one queue on their way to the client, in batches. What the client has no room for stays in the ring, and those behind it with the device, which drops them without any work of
/// ours (Mogul and Ramakrishnan, Eliminating Receive Livelock, 1996).
/// </summary>
internal sealed class FrameReception(IFrameRings rings, FrameBatchPool batches, NetworkDeviceCounters counters)
{
    /// <summary>Who gets what comes in; null: nobody.</summary>
    public NetworkDeviceClient? Client { get; set; }

    /// <summary>Whether the client refused the latest news of the device, which it must be told before any frame.</summary>
    public bool IsStatusUntold { get; set; }

    /// <inheritdoc cref="INetworkQueue.IsHeldBack"/>
    public bool IsHeldBack { get; private set; }

    /// <summary>Hands on received packets of up to so many buffers, and answers how many it took.</summary>
    public int Receive(int budget)
    {
        var taken = 0;
        FrameBatch batch = default;
        IsHeldBack = false;
        try
        {
            while (taken < budget && rings.HasPacket() && HasRoom(ref batch))
            {
                var packet = rings.TakePacket(Client is not null, out var frame, out var buffers);
                taken += buffers;
                Add(packet, frame, batch);
                if (packet == TakenPacket.None)
                {
                    break;
                }

                if (!batch.IsNone && batch.IsFull)
                {
                    Deliver(batch);
                    batch = default;
                }
            }

            if (!batch.IsNone && batch.Count > 0)
            {
                Deliver(batch);
                batch = default;
            }
        }
        finally
        {
            // Empty, or a violation in the middle: what came before it may be lies as well.
            batch.Dispose();
        }

        return taken;
    }

    /// <summary>The device is about to be reset.</summary>
    public void Retire() => IsHeldBack = false;

    private bool HasRoom(ref FrameBatch batch)
    {
        if (Client is null)
        {
            return true;
        }

        IsHeldBack = (batch.IsNone && !batches.TryRent(out batch)) || !rings.HasRoomForPacket();
        counters.ReceiveHeldBack += IsHeldBack ? 1 : 0;
        return !IsHeldBack;
    }

    private void Add(TakenPacket packet, FrameBuffer frame, [Borrowed] FrameBatch batch)
    {
        if (packet != TakenPacket.WellFormed || Client is null)
        {
            // There is none.
            frame.Dispose();
            counters.ReceiveDroppedMalformed += packet == TakenPacket.Malformed ? 1 : 0;
            counters.ReceiveDroppedNoClient += packet == TakenPacket.WellFormed ? 1 : 0;
            return;
        }

        counters.ReceivedMerged += frame.PieceCount > 1 ? 1 : 0;
        if (!batch.TryAdd(frame))
        {
            counters.ReceiveDroppedNoBatch++;
            frame.Dispose();
        }
    }

    private void Deliver(FrameBatch batch)
    {
        long frames = batch.Count;
        long bytes = 0;
        for (var index = 0; index < batch.Count; index++)
        {
            bytes += batch[index].TotalLength;
        }

        var received = NetworkDeviceEvent.Received(batch);
        // No frame before the news that could not be told: the client has to know of the start first.
        if (Client is { } client && !IsStatusUntold && client.TryDeliver(in received))
        {
            counters.ReceivedFrames += frames;
            counters.ReceivedBytes += bytes;
            return;
        }

        counters.ReceiveDroppedClientBusy += frames;
        received.Dispose();
    }
}
