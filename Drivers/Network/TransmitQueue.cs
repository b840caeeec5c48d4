using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>Frames of one queue that were judged and wait for room in the ring; bounded, preallocated. What is not sent is counted.</summary>
/// <param name="rings">The device's part.</param>
/// <param name="copies">What copies are rented from.</param>
/// <param name="capacity">Frames that wait; one more is dropped.</param>
/// <param name="counters">Where drops are counted.</param>
internal sealed class TransmitQueue(IFrameRings rings, FramePool copies, int capacity, NetworkDeviceCounters counters)
{
    private readonly FrameQueue _waiting = new(capacity);

    /// <summary>Frames that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Takes every frame of the batch, or drops and counts it, and disposes the batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isRunning">Whether the device takes any.</param>
    public void Add(FrameBatch batch, bool isRunning)
    {
        try
        {
            while (batch.TryTake(out var frame))
            {
                Add(frame, isRunning);
            }
        }
        finally
        {
            batch.Dispose();
        }
    }

    /// <summary>The next one; it stays the queue's until <see cref="Remove"/>.</summary>
    public bool TryPeek([Borrowed] out FrameBuffer frame) => _waiting.TryPeek(out frame);

    /// <summary>The next one is in the ring.</summary>
    public void Remove() => _waiting.Remove();

    /// <summary>The device is about to be reset, or was: what waits is lost.</summary>
    public void Abandon()
    {
        while (_waiting.TryPeek(out var frame))
        {
            _waiting.Remove();
            frame.Dispose();
            counters.TransmitLostInReset++;
        }
    }

    private void Add(FrameBuffer frame, bool isRunning)
    {
        if (!isRunning || !rings.IsSendable(frame))
        {
            counters.TransmitDroppedInvalid++;
            frame.Dispose();
            return;
        }

        if (!rings.IsWithinReach(frame))
        {
            if (!FrameTransmission.TryCopy(frame, copies, out var copy))
            {
                counters.TransmitDroppedNoFrame++;
                frame.Dispose();
                return;
            }

            frame.Dispose();
            frame = copy;
            counters.TransmitCopied++;
        }

        rings.Prepare(frame);
        if (!_waiting.TryEnqueue(frame))
        {
            counters.TransmitDroppedQueueFull++;
            frame.Dispose();
        }
    }
}
