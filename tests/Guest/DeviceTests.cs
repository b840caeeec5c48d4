using System.Net;
using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>Machines with devices that are not the usual ones.</summary>
public sealed class DeviceTests
{
    [Theory]
    [InlineData(GuestFirmware.Qboot)]
    [InlineData(GuestFirmware.SeaBios)]
    public async Task ANetworkCardWithoutMessagesIsServedByItsWire(GuestFirmware firmware)
    {
        using var guest = Guest.BootServer(
            "Apps/Hello", options => options with { Firmware = firmware, Extra = ["-global", "virtio-net-pci.vectors=0"] });
        await AssertServesAsync(guest);
    }

    [Fact]
    public async Task ACardThatCannotBeDrivenIsNamedAndTheOthersGoOn()
    {
        // A card of the old kind, and a device that no driver fits.
        using var guest = Guest.BootServer("Apps/Hello", options => options with
        {
            Extra =
            [
                "-netdev", "user,id=net1", "-device", "virtio-net-pci,netdev=net1,romfile=,disable-modern=on,addr=10", "-device", "virtio-balloon-pci",
            ],
        });
        await guest.SaysAsync("pci 00:10.0: virtio-net cannot drive it");
        await AssertServesAsync(guest);
    }

    /// <summary>What changes the map while other processors run may cost one of them an interrupt's end (QEMU before 8.2), so all of that comes before they start.</summary>
    [Theory]
    [InlineData(GuestFirmware.Qboot)]
    [InlineData(GuestFirmware.SeaBios)]
    public async Task NoRegistersEnterOrLeaveTheMapOfAddressesOnceTheOtherProcessorsRun(GuestFirmware firmware)
    {
        var folder = Directory.CreateTempSubdirectory("troupe-map");
        try
        {
            // QEMU's own account of it, a line for each register that comes or goes.
            var account = Path.Combine(folder.FullName, "account");
            using var guest = Guest.BootServer("Apps/Hello", options => options with
            {
                Firmware = firmware,
                Extra = ["-d", "trace:pci_update_mappings_add,trace:pci_update_mappings_del", "-D", account],
            });
            await guest.SaysAsync("[kernel] 2 processors");
            var before = await File.ReadAllLinesAsync(account);
            await AssertServesAsync(guest);
            Assert.Contains(before, static line => line.Contains("pci_update_mappings_add", StringComparison.Ordinal));
            Assert.Equal(before, await File.ReadAllLinesAsync(account));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task AssertServesAsync(Guest guest)
    {
        await guest.ListensAsync();
        for (var hit = 1; hit <= 20; hit++)
        {
            using var response = await guest.Http.GetAsync(new Uri("/", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal($"hit {hit}\n", await response.Content.ReadAsStringAsync());
        }
    }
}
