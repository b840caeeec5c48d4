// docs/misc/xenstore-paths.pandoc of Xen: device/vif.
using System.Collections.Immutable;
using System.Globalization;
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;

namespace Troupe.Drivers.Xen;

/// <summary>Finds the devices that xenstore lists for this domain and tells the registrar of them. Stops when done.</summary>
public sealed class XenDiscovery : Actor<DiscoveryMessage>
{
    /// <summary>Where network cards are listed, by number.</summary>
    public const string NetworkPath = "device/vif";

    private readonly ActorRef<XenStoreMessage> _store;
    private readonly Func<string, ushort, XenFrontend> _open;
    private readonly ActorRef<DeviceRegistrarMessage> _registrar;

    /// <summary>Creates the discovery.</summary>
    /// <param name="store">xenstore's client.</param>
    /// <param name="open">Gives the capability of a device by its name and the other half's domain.</param>
    /// <param name="registrar">Who is told.</param>
    public XenDiscovery(ActorRef<XenStoreMessage> store, Func<string, ushort, XenFrontend> open, ActorRef<DeviceRegistrarMessage> registrar)
    {
        _store = store;
        _open = open;
        _registrar = registrar;
    }

    /// <inheritdoc/>
    protected override void Started() => Context.Self.TryTell(default);

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(DiscoveryMessage message)
    {
        var count = 0;
        try
        {
            foreach (var name in await _store.AskAsync<ImmutableArray<string>>(static reply => new XenStoreMessage.List(NetworkPath, reply)))
            {
                if (await FindAsync(name) is not { } device)
                {
                    continue;
                }

                count++;
                var open = _open;
                _registrar.Tell(new DeviceRegistrarMessage.Found(device, () => open(device.Name, (ushort)device.Vendor)));
            }
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException)
        {
            // Whoever waits for the devices must not wait for ever on account of a dead toolstack.
        }

        _registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Xen, count));
        Context.Stop();
    }

    private async ValueTask<DeviceDescription?> FindAsync(string name)
    {
        var domain = await _store.AskAsync<string?>(reply => new XenStoreMessage.Read($"{NetworkPath}/{name}/backend-id", reply));
        return uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && ushort.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out var other)
            ? new DeviceDescription($"vif {number}", DeviceBus.Xen, other, number)
            : null;
    }
}
