// docs/misc/xenstore-paths.pandoc of Xen: device/vif and device/vbd.
using System.Collections.Immutable;
using System.Globalization;
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;

namespace Troupe.Drivers.Xen;

/// <summary>Finds the devices that xenstore lists for this domain and tells the registrar of them. Stops when done.</summary>
public sealed class XenDiscovery : Actor<DiscoveryMessage>, IRefusesSwap
{
    /// <summary>Where network cards are listed, by number.</summary>
    public const string NetworkPath = "device/vif";

    /// <summary>Where disks are listed, by a number that grows in the order in which the toolstack was told of them.</summary>
    public const string DiskPath = "device/vbd";

    private const string DevicesPath = "device/";

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
    string IRefusesSwap.WhyNotSwapped => "it looks once, when it starts, and stops; a new one would look never, or once more.";

    /// <inheritdoc/>
    protected override void Started() => Context.Self.TryTell(default);

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(DiscoveryMessage message)
    {
        var count = 0;
        try
        {
            count = await FindAllAsync(NetworkPath) + await FindAllAsync(DiskPath);
        }
        catch (Exception exception) when (exception is AskTimeoutException or AskFailedException)
        {
            // Whoever waits for the devices must not wait for ever on account of a dead toolstack.
        }

        _registrar.Tell(new DeviceRegistrarMessage.ScanCompleted(DeviceBus.Xen, count));
        Context.Stop();
    }

    /// <summary>Whether a device is one of those listed at <paramref name="path"/>.</summary>
    public static bool IsListed(string path, DeviceDescription device)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(device);
        return device.Bus == DeviceBus.Xen && device.Name == NameOf(path, device.Device);
    }

    private async ValueTask<int> FindAllAsync(string path)
    {
        List<DeviceDescription> devices = [];
        foreach (var name in await _store.AskAsync<ImmutableArray<string>>(reply => new XenStoreMessage.List(path, reply)))
        {
            var domain = await _store.AskAsync<string?>(reply => new XenStoreMessage.Read($"{path}/{name}/backend-id", reply));
            if (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && ushort.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out var other))
            {
                devices.Add(new DeviceDescription(NameOf(path, number), DeviceBus.Xen, other, number));
            }
        }

        // xenstore lists them in no order.
        devices.Sort(static (left, right) => left.Device.CompareTo(right.Device));
        foreach (var device in devices)
        {
            var open = _open;
            _registrar.Tell(new DeviceRegistrarMessage.Found(device, () => open(device.Name, (ushort)device.Vendor)));
        }

        return devices.Count;
    }

    private static string NameOf(string path, uint number) => $"{path[DevicesPath.Length..]} {number}";
}
