using Troupe.Tools.Guests;
using Troupe.Tools.Xen;

namespace Troupe.Tools.Tests;

public sealed class XenTests
{
    [Theory]
    [InlineData("[kernel] exit code 7", 7)]
    [InlineData("KERNEL PANIC: page fault", GuestExit.PanicCode)]
    [InlineData("[kernel] exit code ", null)]
    [InlineData("hello", null)]
    public void TheExitCodeIsReadFromTheConsole(string line, int? expected) => Assert.Equal(expected, XenRun.ExitCode(line));

    [Fact]
    public void AConfigurationNamesProcessorsMemoryAndNetwork()
    {
        var lines = DomainZeroScripts.Configuration(2, 256, "ip=10.77.0.2/24", network: true, disks: 0).Split('\n');
        Assert.Contains("vcpus=2", lines);
        Assert.Contains("cpus=[\"1\",\"2\"]", lines);
        Assert.Contains("memory=256", lines);
        Assert.Contains("type=\"pvh\"", lines);
        Assert.Contains("vif=[\"bridge=br0,script=/etc/xen/scripts/vif-troupe\"]", lines);
        Assert.DoesNotContain("vif", DomainZeroScripts.Configuration(2, 256, string.Empty, network: false, disks: 0));
    }

    [Fact]
    public void QuotesInACommandLineStayInIt() =>
        Assert.Contains("cmdline=\"a \\\"b\\\" c\\\\d\"", DomainZeroScripts.Configuration(1, 64, "a \"b\" c\\d", network: false, disks: 0));

    [Fact]
    public void AConfigurationNamesDisksInTheirOrder()
    {
        var lines = DomainZeroScripts.Configuration(1, 64, string.Empty, network: false, disks: 2).Split('\n');
        Assert.Contains("disk=[\"format=raw,vdev=xvda,access=rw,script=block-troupe,target=/dev/vda\",\"format=raw,vdev=xvdb,access=rw,script=block-troupe,target=/dev/vdb\"]", lines);
        Assert.DoesNotContain("disk", DomainZeroScripts.Configuration(1, 64, string.Empty, network: false, disks: 0));
    }
}
