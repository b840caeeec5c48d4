// What a server says of where it can be reached, on a host with two devices.
using Troupe.Apps.Hosting;
using Troupe.Apps.Hosting.Web;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests.Interfaces;

public sealed class ListeningAddressTests
{
    private static readonly NetworkConfiguration _bothVersions = Static with
    {
        FurtherInterfaces = Second(new()
        {
            Static = new(new(V4("10.2.0.2"), 24)),
            Ipv6 = new() { Addresses = [new(Address("2001:db8:2::2").Ipv6, 64)], DuplicateAddressProbes = 0, RouterSolicitations = 0 },
        }),
    };

    [Theory]
    [InlineData("http://[::]:8080", "http://10.1.0.2:8080 http://10.2.0.2:8080 http://[2001:db8:2::2]:8080")]
    [InlineData("https://0.0.0.0:8443", "https://10.1.0.2:8443 https://10.2.0.2:8443")]
    [InlineData("http://10.2.0.2:80", "http://10.2.0.2:80")]
    public void EachAddressOfEachInterfaceIsNamed(string bound, string named) => Run(
        async host =>
        {
            await host.AdvanceAsync(3);
            Assert.Equal(named, string.Join(' ', new ListeningAddresses([bound]).Take(host.Stack.Internet)));
        },
        _bothVersions);

    [Fact]
    public void AnAddressThatComesLaterIsNamedOnceAndSaidToHaveCome() => Run(
        async host =>
        {
            int changes = 0;
            host.Stack.AddressesChanged += () => changes++;
            ListeningAddresses listening = new(["http://[::]:80"]);
            Assert.Equal(["http://10.1.0.2:80"], listening.Take(host.Stack.Internet));
            await host.Stack.Interfaces[1].ConfigureAsync(new(new(V4("10.2.0.9"), 24)));
            Assert.Equal(1, changes);
            Assert.Equal(["http://10.2.0.9:80"], listening.Take(host.Stack.Internet));
            Assert.Empty(listening.Take(host.Stack.Internet));
        },
        // Nobody answers DHCP on the second.
        Static with { FurtherInterfaces = Second(new() { Ipv6 = null }) });
}
