using Troupe.Drivers.Contracts;

namespace Troupe.Verification.Coyote;

/// <summary>A client of a network card that counts the frames it gets, by whichever actor.</summary>
internal sealed class CountingClient : NetworkDeviceClient
{
    private readonly object _gate = new();

    public int Frames { get; private set; }

    /// <summary>It gives no frame back.</summary>
    public bool Leaks { get; init; }

    protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind != NetworkDeviceEventKind.Received) return true;
        lock (_gate) Frames += deviceEvent.Frames.Count;
        if (!Leaks) deviceEvent.Dispose();
        return true;
    }
}
