using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Network;

namespace Troupe.Verification.Coyote;

/// <summary>Frames of flows that leave by a certain queue of a network card.</summary>
internal static class FlowFrames
{
    public const int Length = 60;

    /// <summary>A batch of one frame, whose flow leaves by a queue of several.</summary>
    public static void Send(ActorRef<NetworkDeviceMessage> driver, FrameBatchPool batches, FramePool frames, int queue, int queues)
    {
        Assert.True(batches.TryRent(out var batch));
        Assert.True(frames.TryRent(out var frame));
        frame.Append(OfQueue(queue, queues));
        Assert.True(batch.TryAdd(frame));
        driver.TryTell(NetworkDeviceMessage.Transmit(batch));
    }

    /// <summary>TCP over IPv4.</summary>
    private static byte[] OfQueue(int queue, int queues)
    {
        var frame = new byte[Length];
        (frame[12], frame[14], frame[23]) = (8, 0x45, 6);
        while (FlowHash.Queue(frame, queues) != queue) frame[35]++;
        return frame;
    }
}
