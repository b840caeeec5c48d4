namespace Troupe.Drivers.Network;

/// <summary>How long a driver waits before it looks again at what no interrupt tells of.</summary>
internal static class QueueDelays
{
    /// <summary>For a client that refused news, and for frames when the device has few.</summary>
    public static readonly TimeSpan CatchUp = TimeSpan.FromMilliseconds(10);

    /// <summary>The layers above get that long to give frames back; a full ring of small frames lasts longer at 100,000 a second.</summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(1);
}
