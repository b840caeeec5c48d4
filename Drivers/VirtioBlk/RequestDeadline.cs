using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.VirtioBlk;

/// <summary>By when a device has to end one of the requests that a queue has given it, counted from the last that it ended: so a batch is answered within <see cref="BlockDeviceMessage.Patience"/>.</summary>
/// <param name="queue">The queue, whose actor uses this in its turns.</param>
/// <param name="timer">A timer of that actor.</param>
internal sealed class RequestDeadline(RequestQueue queue, TimerHandle timer)
{
    private static readonly TimeSpan DeviceTimeout = BlockDeviceMessage.Patience / 2;

    private long _completed;

    /// <summary>Sets the timer, or moves it, or stops it. After each message.</summary>
    public void Watch()
    {
        if (queue.InFlight == 0)
        {
            timer.Cancel();
        }
        else if (!timer.IsActive || queue.Completed != _completed)
        {
            _completed = queue.Completed;
            timer.Restart(DeviceTimeout);
        }
    }

    /// <summary>The timer's message has come.</summary>
    /// <exception cref="DeviceViolationException">The device ended none.</exception>
    public void Check()
    {
        if (queue.InFlight > 0 && queue.Completed == _completed)
        {
            throw new DeviceViolationException($"Queue {queue.Index} of the disk ended no request for {DeviceTimeout}.");
        }
    }
}
