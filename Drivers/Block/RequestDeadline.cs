using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Block;

/// <summary>By when a device has to end one of the requests that a queue has given it, counted from the last that it ended: so a batch is answered within <see cref="BlockDeviceMessage.Patience"/>.</summary>
/// <param name="queue">The queue, whose actor uses this in its turns.</param>
/// <param name="timer">A timer of that actor.</param>
internal sealed class RequestDeadline(BlockQueue queue, TimerHandle timer)
{
    /// <summary>How long a device has.</summary>
    public static readonly TimeSpan DeviceTimeout = BlockDeviceMessage.Patience / 2;

    private long _completed;

    /// <summary>Whether the device ended none, when the timer's message has come.</summary>
    public bool IsMissed => queue.InFlight > 0 && queue.Completed == _completed;

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
}
