// RFC 6724 5: which own address a packet is sent from.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

public sealed class SourceAddressTests
{
    [Theory]
    [InlineData("127.0.0.9", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("10.1.2.3", "10.1.0.1")]
    [InlineData("192.0.2.1", "10.0.0.1")]
    [InlineData("fe80::9", "fe80::1")]
    [InlineData("ff02::1", "fe80::1")]
    [InlineData("2001:db8:1::9", "2001:db8:1::1")]
    [InlineData("2001:db8:2::9", "2001:db8:1::1")]
    [InlineData("2001:db8:2::2", "2001:db8:2::2")]
    public void TheSourceIsOfTheDestinationsScopeNotDeprecatedAndSharesTheLongestPrefix(string destination, string expected)
    {
        LocalAddresses addresses = new();
        addresses.SetIpv4([new(Of("10.0.0.1"), 16), new(Of("10.1.0.1"), 16)]);
        addresses.SetIpv6([new(Of("fe80::1"), 64), new(Of("2001:db8:1::1"), 64), new(Of("2001:db8:2::2"), 64, IsDeprecated: true)]);
        Assert.True(addresses.TrySelectSource(Of(destination), out IpAddress source));
        Assert.Equal(Of(expected), source);
    }

    [Fact]
    public void WithoutAnAddressOfItsVersionThereIsNoSource()
    {
        LocalAddresses addresses = new();
        addresses.SetIpv4([new(Of("10.0.0.1"), 16)]);
        Assert.False(addresses.TrySelectSource(Of("2001:db8::1"), out _));
    }

    private static IpAddress Of(string text) => IpAddress.TryParse(text, out IpAddress address) ? address : throw new FormatException(text);
}
