using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// What a driver does about a device that breaks the rules: it resets it and starts it again at once. After several violations without progress in between, or when it cannot be started,
/// it leaves it in reset for a while, so that it cannot keep a processor busy. A driver that gave up then would take its clients' device away for good.
/// </summary>
/// <remarks>Belongs to one incarnation of a driver, and is used in its turns.</remarks>
/// <param name="start">Resets the device and starts it.</param>
/// <param name="stop">Resets the device and leaves it.</param>
/// <param name="wakeAfter">Has <see cref="GoOn"/> called after that time.</param>
public sealed class DeviceRecovery(Action start, Action stop, Action<TimeSpan> wakeAfter)
{
    private const int MaximumViolationsInARow = 4;
    private static readonly TimeSpan RestDelay = TimeSpan.FromSeconds(1);

    private int _violationsInARow;
    private long _progressAtViolation;

    /// <summary>Whether the device is left in reset.</summary>
    public bool IsResting { get; private set; }

    /// <summary>The device broke the rules. <paramref name="progress"/> is a number that moves on with whatever it does well.</summary>
    public void OnViolation(long progress)
    {
        _violationsInARow = progress == _progressAtViolation ? _violationsInARow + 1 : 1;
        _progressAtViolation = progress;
        if (_violationsInARow <= MaximumViolationsInARow)
        {
            Start();
            return;
        }

        Rest();
    }

    /// <summary>Starts the device again. Memory for its rings may be refused for a while, and it may be nonsense for a while.</summary>
    public void Start()
    {
        try
        {
            start();
        }
        catch (Exception exception) when (exception is CapabilityException or VirtioException)
        {
            Rest();
        }
    }

    /// <summary>The time is over: a device that rests is started again.</summary>
    public void GoOn()
    {
        if (IsResting)
        {
            IsResting = false;
            Start();
        }
    }

    private void Rest()
    {
        try
        {
            stop();
        }
        catch (VirtioException)
        {
            // Its reset does not come to an end. Until one does, what it knows of our memory stays as it is, and the next start begins with a reset.
        }

        IsResting = true;
        wakeAfter(RestDelay);
    }
}
