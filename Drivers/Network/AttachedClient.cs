using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Network;

/// <summary>Who is attached to a device, and which news of the device it has been told (<see cref="NetworkDeviceContract"/>). In the turns of the driver's actor.</summary>
/// <param name="first">The device's first queue, which hands frames to the same client.</param>
internal sealed class AttachedClient(FrameReception first)
{
    /// <summary>The client; null: nobody.</summary>
    public NetworkDeviceClient? Client => first.Client;

    /// <summary>Whether it refused the latest news, so that it must be told again.</summary>
    public bool IsStatusUntold => first.IsStatusUntold;

    /// <summary>Another one from now on.</summary>
    /// <param name="client">The client.</param>
    /// <param name="state">How the device is; null: it does not run, which is what a client assumes.</param>
    public void Attach(NetworkDeviceClient client, NetworkDeviceEvent? state)
    {
        first.Client = client;
        first.IsStatusUntold = false;
        NetworkDeviceContract.Instance.Observe(client, NetworkDeviceStep.Attach);
        if (state is { } started)
        {
            Tell(started);
        }
    }

    /// <summary>Nobody from now on.</summary>
    public void Detach()
    {
        NetworkDeviceContract.Detached(first.Client);
        first.Client = null;
    }

    /// <summary>Frames may be dropped at a full mailbox, news of the device may not: what was refused is told again later.</summary>
    public void Tell(NetworkDeviceEvent news) => first.IsStatusUntold = first.Client is { } client && !client.TryDeliver(in news);
}
