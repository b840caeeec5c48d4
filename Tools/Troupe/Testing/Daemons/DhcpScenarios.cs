// RFC 2131 against the two servers that most networks have; the leases are seconds long.
using Troupe.Tools.Networks;
using Troupe.Tools.Testing.Attacks;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>DHCP: an address is had, kept, kept by another server, taken away, given up.</summary>
internal static class DhcpScenarios
{
    private const string Tap = GuestOnTap.Tap;
    private const string Elsewhere = "10.77.0.3";
    private static readonly TimeSpan _boot = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _step = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan _page = TimeSpan.FromSeconds(10);

    /// <summary>dnsmasq leases for two minutes at least, so T1 and T2 are told: 8 and 16 seconds.</summary>
    public static async Task DnsmasqAsync(DaemonRun run, CancellationToken cancellation)
    {
        using var first = Dnsmasq(run, "first", "10.77.0.50,10.77.0.60");
        using var guest = run.Boot("ip=dhcp");
        var bound = await guest.HasAsync(state => state.Ipv4.StartsWith("10.77.0.5", StringComparison.Ordinal), _boot, cancellation).ConfigureAwait(false);
        var page = bound ? await guest.GetAsync("/", _page, cancellation).ConfigureAwait(false) : null;
        run.Report(
            "dnsmasq: bind", page is not null && guest.Now.Servers == GuestOnTap.HostAddress && guest.Now.Search == "lab.example", bound ? guest.Now.Text : guest.LastWords);
        if (!bound)
        {
            return;
        }

        var address = guest.Now.Ipv4;
        var changes = guest.Count;
        var renewed = await first.SaysAgainAsync(_step, cancellation, "DHCPACK", address).ConfigureAwait(false);
        run.Report("dnsmasq: renew", renewed && guest.Count == changes, $"{first.Count("DHCPACK")} acknowledgements, {first.Count("DHCPDISCOVER")} discoveries");

        // The server is gone, and with it its address; another one elsewhere takes over, and knows nothing of the lease.
        first.Dispose();
        await MoveAsync(GuestOnTap.HostAddress, Elsewhere, cancellation).ConfigureAwait(false);
        using var second = Dnsmasq(run, "second", "10.77.0.50,10.77.0.60");
        var rebound = await second.SaysAgainAsync(_step, cancellation, "DHCPACK", address).ConfigureAwait(false);
        await guest.HasAsync(state => state.Servers == Elsewhere, TimeSpan.FromSeconds(5), cancellation).ConfigureAwait(false);
        var kept = guest.Since(changes).All(state => state.Ipv4 == address);
        run.Report("dnsmasq: rebind to another server", rebound && kept && second.Count("DHCPDISCOVER") == 0 && guest.Now.Servers == Elsewhere, guest.Now.Text);
        var renewedThere = await second.SaysAgainAsync(_step, cancellation, "DHCPACK", address).ConfigureAwait(false);
        run.Report("dnsmasq: renew at the new server", renewedThere && guest.Now.Ipv4 == address, $"{second.Count("DHCPACK")} acknowledgements");

        // Its addresses are others now: it refuses to renew.
        second.Dispose();
        using var third = Dnsmasq(run, "third", "10.77.0.100,10.77.0.110");
        var changed = await guest.HasAsync(state => state.Ipv4.StartsWith("10.77.0.1", StringComparison.Ordinal) && state.Ipv4 != address, _step, cancellation).ConfigureAwait(false);
        var again = changed ? await guest.GetAsync("/", _page, cancellation).ConfigureAwait(false) : null;
        run.Report("dnsmasq: NAK", changed && again is not null && third.Count("DHCPNAK") > 0, $"{guest.Now.Text}; {third.Count("DHCPNAK")} refusals");
        third.Dispose();
        await MoveAsync(Elsewhere, GuestOnTap.HostAddress, cancellation).ConfigureAwait(false);
    }

    /// <summary>isc-dhcp-server leases for 20 seconds: T1 is 8, T2 is 14.</summary>
    public static async Task IscAsync(DaemonRun run, CancellationToken cancellation)
    {
        using var first = Isc(run, "isc-first", "10.77.0.150 10.77.0.160");
        using var guest = run.Boot("ip=dhcp");
        var bound = await guest.HasAsync(state => state.Ipv4.StartsWith("10.77.0.15", StringComparison.Ordinal), _boot, cancellation).ConfigureAwait(false);
        run.Report("isc-dhcp-server: bind", bound && guest.Now.Search == "isc.example", bound ? guest.Now.Text : string.Join('\n', first.Lines.TakeLast(5)) + guest.LastWords);
        if (!bound)
        {
            return;
        }

        var address = guest.Now.Ipv4;
        var changes = guest.Count;
        var renewed = await first.SaysAgainAsync(_step, cancellation, "DHCPACK", address).ConfigureAwait(false);
        run.Report("isc-dhcp-server: renew", renewed && guest.Count == changes, $"{first.Count("DHCPACK")} acknowledgements, {first.Count("DHCPDISCOVER")} discoveries");

        first.Dispose();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var expired = await guest.HasAsync(state => state.Ipv4 == "none", TimeSpan.FromSeconds(30), cancellation).ConfigureAwait(false);
        var after = clock.Elapsed;
        var silent = await guest.GetAsync("/", TimeSpan.FromSeconds(2), cancellation, address).ConfigureAwait(false) is null;
        run.Report("isc-dhcp-server: the lease ends and the address goes", expired && silent && after < TimeSpan.FromSeconds(24), $"{after.TotalSeconds:0.0} s after the server");

        // One of two free addresses is in use, and whoever has it says so.
        const string Taken = "10.77.0.170", Free = "10.77.0.171";
        using var holder = new AddressHolder(Taken);
        using var second = Isc(run, "isc-second", $"{Taken} {Free}");
        var has = await guest.HasAsync(state => state.Ipv4 == Free, TimeSpan.FromSeconds(120), cancellation).ConfigureAwait(false);
        var page = has ? await guest.GetAsync("/", _page, cancellation).ConfigureAwait(false) : null;
        run.Report("isc-dhcp-server: a new address after the end", has && page is not null, guest.Now.Text);
        run.Report("isc-dhcp-server: decline", second.Count("DHCPDECLINE", Taken) > 0, $"{second.Count("DHCPDECLINE")} declined; {second.Count("DHCPACK", Taken)} granted before");
    }

    /// <summary>dnsmasq on the tap, for DHCP and, with more lines, for DNS.</summary>
    public static Daemon Dnsmasq(DaemonRun run, string name, string range, string more = "port=0\ndhcp-option=option:dns-server,0.0.0.0")
    {
        var configuration = run.Write(
            $"{name}.conf",
            $"""
            interface={Tap}
            bind-dynamic
            except-interface=lo
            no-resolv
            no-hosts
            user=root
            dhcp-authoritative
            no-ping
            dhcp-range={range},255.255.0.0,120
            dhcp-option=option:T1,8
            dhcp-option=option:T2,16
            domain=lab.example
            dhcp-leasefile={run.Write($"{name}.leases", string.Empty)}
            pid-file=
            log-dhcp
            {more}

            """);
        return Daemon.Start("dnsmasq", "--keep-in-foreground", "--log-facility=-", $"--conf-file={configuration}");
    }

    private static Daemon Isc(DaemonRun run, string name, string range)
    {
        var configuration = run.Write(
            $"{name}.conf",
            $$"""
            authoritative;
            ping-check false;
            default-lease-time 20;
            min-lease-time 20;
            max-lease-time 20;
            option dhcp-renewal-time 8;
            option dhcp-rebinding-time 14;
            option domain-name "isc.example";
            option domain-name-servers {{GuestOnTap.HostAddress}};
            option routers {{GuestOnTap.HostAddress}};
            subnet 10.77.0.0 netmask 255.255.0.0 { range {{range}}; }

            """);
        return Daemon.Start("dhcpd", "-4", "-f", "-d", "--no-pid", "-cf", configuration, "-lf", run.Write($"{name}.leases", string.Empty), Tap);
    }

    private static async Task MoveAsync(string from, string to, CancellationToken cancellation)
    {
        await PrivateNetwork.MustAsync(cancellation, "ip", "address", "delete", $"{from}/{GuestOnTap.PrefixLength}", "dev", Tap).ConfigureAwait(false);
        await PrivateNetwork.MustAsync(cancellation, "ip", "address", "add", $"{to}/{GuestOnTap.PrefixLength}", "dev", Tap).ConfigureAwait(false);
    }
}
