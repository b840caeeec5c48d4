// RFC 8415 18.2.6 against dnsmasq, whose advertisements have the O flag: addresses by SLAAC, and DNS by DHCPv6.
using Troupe.Tools.Networks;
using Troupe.Tools.Testing.Attacks;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>What the router's advertisements do not say, a guest asks for.</summary>
internal static class StatelessScenario
{
    private const string Network = "2001:db8:2:";
    private static readonly TimeSpan _boot = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _step = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(DaemonRun run, CancellationToken cancellation)
    {
        await PrivateNetwork.MustAsync(cancellation, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding").ConfigureAwait(false);
        await PrivateNetwork.MustAsync(cancellation, "ip", "address", "add", $"{Network}:1/64", "dev", GuestOnTap.Tap, "nodad").ConfigureAwait(false);
        // Advertisements know no hardware addresses, so what is for a tag that follows from one comes by DHCPv6 alone.
        using var dnsmasq = DhcpScenarios.Dnsmasq(
            run, "stateless", "10.77.0.50,10.77.0.60",
            $"""
            port=0
            enable-ra
            ra-param={GuestOnTap.Tap},4,60
            dhcp-range={Network}:,ra-stateless,64
            dhcp-mac=set:asked,*:*:*:*:*:*
            dhcp-option=tag:asked,option6:dns-server,[{Network}:53]
            dhcp-option=tag:asked,option6:domain-search,six.example,lab.example
            dhcp-option=tag:asked,option6:information-refresh-time,1h
            """);
        using var guest = run.Boot(GuestOnTap.Fixed);
        var has = await guest.HasAsync(state => state.Ipv6.StartsWith(Network, StringComparison.Ordinal), _boot, cancellation).ConfigureAwait(false);
        run.Report("dhcpv6: an address of the prefix, by the host itself", has, has ? guest.Now.Ipv6 : string.Join('\n', dnsmasq.Lines.TakeLast(5)) + guest.LastWords);
        if (!has)
        {
            return;
        }

        var told = await guest.HasAsync(state => state.Servers == $"{Network}:53", _step, cancellation).ConfigureAwait(false);
        run.Report("dhcpv6: DNS servers", told, guest.Now.Text + (told ? string.Empty : string.Join('\n', dnsmasq.Lines.TakeLast(10))));
        run.Report("dhcpv6: domains to search", guest.Now.Search == "six.example, lab.example", $"search {guest.Now.Search}");
        const string Question = "DHCPINFORMATION-REQUEST";
        var asked = dnsmasq.Count(Question);
        run.Report("dhcpv6: information is asked for, and no address", asked > 0 && dnsmasq.Count("DHCPSOLICIT") == 0, $"{asked} questions");
        // Advertisements go on coming, and are no reason to ask again.
        var again = await dnsmasq.SaysAgainAsync(TimeSpan.FromSeconds(10), cancellation, Question).ConfigureAwait(false);
        run.Report("dhcpv6: what is known is not asked for again", !again && dnsmasq.Count("RTR-ADVERT") > 1, $"{dnsmasq.Count(Question)} questions, {dnsmasq.Count("RTR-ADVERT")} advertisements");
    }
}
