using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Virtio;

/// <summary>
/// What a driver does about a device that breaks the rules: it resets it and starts it again at once. After several violations without progress in between, or when it cannot be started,
/// it leaves it in reset for a while, so that it cannot keep a processor busy. A driver that gave up then would take its clients' device away for good.
/// Only when the device's capability was revoked does it give up: that is thrown once, so that somebody hears of it, and the next incarnation leaves the device alone.
/// </summary>
/// <remarks>Belongs to one incarnation of a driver, and is used in its turns.</remarks>
/// <param name="start">Resets the device and starts it.</param>
/// <param name="stop">Resets the device and leaves it.</param>
/// <param name="wakeAfter">Has <see cref="GoOn"/> called after that time.</param>
/// <param name="arena">The device's, which is revoked with its capability.</param>
public sealed class DeviceRecovery(Action start, Action stop, Action<TimeSpan> wakeAfter, DmaArena arena)
{
    private const int MaximumViolationsInARow = 4;
    private static readonly TimeSpan RestDelay = TimeSpan.FromSeconds(1);

    private int _violationsInARow;
    private long _progressAtViolation;

    /// <summary>Whether the device is left alone: in reset for a while, or for good where its capability was revoked.</summary>
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

    /// <summary>
    /// What an incarnation begins with on a device that was started before: starts it, or leaves it alone if its capability was revoked, as an earlier one has said.
    /// </summary>
    public void Begin()
    {
        if (arena.IsRevoked)
        {
            IsResting = true;
            return;
        }

        Start();
    }

    /// <summary>Starts the device again. Memory for its rings may be refused for a while, and it may be nonsense for a while.</summary>
    /// <exception cref="CapabilityException">Its capability was revoked.</exception>
    private void Start()
    {
        try
        {
            start();
        }
        catch (Exception exception) when (exception is VirtioException || (exception is CapabilityException && !arena.IsRevoked))
        {
            Rest();
        }
    }

    /// <summary>The time is over: a device that rests is started again.</summary>
    /// <exception cref="CapabilityException">Its capability was revoked meanwhile.</exception>
    public void GoOn()
    {
        if (IsResting && !arena.IsRevoked)
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
