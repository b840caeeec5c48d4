using Troupe.Tools.Commands;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Tests;

/// <summary>What a user who mistypes is told.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("unknown command 'rnu'. Did you mean 'run'?", "rnu")]
    [InlineData("unknown option '--cpsu'. Did you mean '--cpus'?", "run", "Apps/SelfTest", "--cpsu", "2")]
    [InlineData("there is no app 'Apps/SelfTset'. Did you mean 'Apps/SelfTest'?", "run", "Apps/SelfTset")]
    [InlineData("there is no app 'nothing/like/it'.", "build", "nothing/like/it")]
    [InlineData("--rounds starts at 1.", "bench", "io", "--rounds", "0")]
    [InlineData("--seconds starts at 1.", "bench", "io", "--seconds", "0")]
    [InlineData("--cpus starts at 1, as in --cpus 1 2.", "bench", "io", "--cpus", "0")]
    [InlineData("Required argument missing for command: 'run'.", "run")]
    [InlineData("--cpus is 'two'; it must be a whole number of virtual processors from 1 to 64.", "run", "Apps/SelfTest", "--cpus", "two")]
    [InlineData("--cpus is '0'; it must be a whole number of virtual processors from 1 to 64.", "run", "Apps/SelfTest", "--cpus", "0")]
    [InlineData("--memory is '3'; it must be a whole number of megabytes of memory from 16 to 1048576.", "run", "Apps/SelfTest", "-m", "3")]
    [InlineData("'8080' is no port mapping.", "run", "Apps/SelfTest", "-p", "8080")]
    [InlineData("'wifi' is no network.", "run", "Apps/SelfTest", "--net", "wifi")]
    [InlineData("this host has no network interface 'troupe-no-such'.", "run", "Apps/SelfTest", "--net", "tap=troupe-no-such")]
    [InlineData("--net none takes the network away, and does not go with another --net.", "run", "Apps/SelfTest", "--net", "user", "--net", "none")]
    [InlineData("'e1000' is no network card.", "run", "Apps/SelfTest", "--nic", "e1000")]
    [InlineData("--nic rtl8139 is a card on PCI, and --machine microvm has none.", "run", "Apps/SelfTest", "--nic", "rtl8139", "--machine", "microvm")]
    [InlineData("--nic rtl8139 is a card on PCI, and --machine xen has none.", "run", "Apps/SelfTest", "--nic", "rtl8139", "--machine", "xen")]
    [InlineData("-p needs --net user.", "run", "Apps/SelfTest", "--net", "none", "-p", "8080:8080")]
    [InlineData("there is no disk '/no/such/place/disk.img'.", "run", "Apps/SelfTest", "--disk", "/no/such/place/disk.img")]
    [InlineData("'/tmp' is a directory, and a disk is a file.", "run", "Apps/SelfTest", "--disk", "/tmp")]
    [InlineData("'/tmp/a' is no channel.", "run", "Apps/SelfTest", "--channel", "/tmp/a")]
    [InlineData("the directory of '/no/such/place/a' does not exist.", "run", "Apps/SelfTest", "--channel", "name=/no/such/place/a")]
    [InlineData("'name=/tmp/b' is there twice, its name or its socket.", "run", "Apps/SelfTest", "--channel", "name=/tmp/b", "--channel", "name=/tmp/b")]
    [InlineData("nobody listens at '/no/such/place/a'.", "monitor", "/no/such/place/a", "counts")]
    [InlineData("the directory of '/no/such/place/x.pcap' does not exist.", "run", "Apps/SelfTest", "--pcap", "/no/such/place/x.pcap")]
    [InlineData("verify replay wants a TRACE, or --check N.", "verify", "replay")]
    [InlineData("--check must be at least 1.", "verify", "replay", "--check", "0")]
    [InlineData("--cases must be at least 1.", "verify", "devices", "--cases", "0")]
    [InlineData("--minutes must be more than 0, and at most 100,000.", "verify", "fuzz", "--minutes", "0")]
    [InlineData("--minutes must be more than 0, and at most 100,000.", "verify", "fuzz", "--minutes", "NaN")]
    [InlineData("--executions must be at least 1.", "verify", "fuzz", "--executions", "0")]
    [InlineData("--replay wants one --target.", "verify", "fuzz", "--replay", "/tmp/some-input")]
    [InlineData("there is no file '/no/such/input'.", "verify", "fuzz", "--target", "arp", "--replay", "/no/such/input")]
    [InlineData("'my-app' is no name for an app: it becomes a namespace.", "new", "Apps/my-app")]
    [InlineData("there is Apps/Hello already.", "new", "Hello")]
    public async Task AMistakeIsNamed(string message, params string[] arguments)
    {
        var error = await Assert.ThrowsAsync<UserError>(() => TroupeCommand.InvokeAsync(arguments, CancellationToken.None));
        Assert.Equal(message, error.Message);
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
    }

    [Fact]
    public async Task AMissingAppIsAnsweredWithTheAppsThereAre()
    {
        var error = await Assert.ThrowsAsync<UserError>(() => TroupeCommand.InvokeAsync(["run", "Nothing"], CancellationToken.None));
        Assert.Contains("Apps/SelfTest", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("new")]
    [InlineData("run")]
    [InlineData("monitor")]
    [InlineData("build")]
    [InlineData("test")]
    [InlineData("bench")]
    [InlineData("bench", "boot")]
    [InlineData("bench", "io")]
    [InlineData("soak")]
    [InlineData("verify")]
    [InlineData("verify", "quick")]
    [InlineData("verify", "deep")]
    [InlineData("verify", "explore")]
    [InlineData("verify", "replay")]
    [InlineData("verify", "mutants")]
    [InlineData("verify", "app")]
    [InlineData("verify", "devices")]
    [InlineData("verify", "fuzz")]
    [InlineData("gate")]
    [InlineData("doctor")]
    public async Task EveryCommandHasHelp(params string[] command) =>
        Assert.Equal(ExitCodes.Success, await TroupeCommand.InvokeAsync([.. command, "--help"], CancellationToken.None));
}
