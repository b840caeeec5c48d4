using Troupe.Tools.Guests;

namespace Troupe.Tools.Tests;

public sealed class QemuCommandLineTests
{
    private static readonly GuestOptions _usual = new() { Image = "hello.elf" };

    [Fact]
    public void OneProcessorStillHasRoomForTwoSoThatMemoryBarriersAreEmitted() =>
        Assert.Equal("1,maxcpus=2", After("-smp", _usual with { Processors = 1 }));

    [Fact]
    public void SeveralProcessorsAreAskedForPlainly() => Assert.Equal("4", After("-smp", _usual with { Processors = 4 }));

    [Fact]
    public void TimeCountsInstructionsOnlyWhenAskedTo()
    {
        Assert.DoesNotContain("-icount", QemuCommandLine.For(_usual));
        Assert.Equal("shift=0,sleep=off", After("-icount", _usual with { CountsInstructions = true }));
    }

    [Fact]
    public void AQ35BootsWithQbootAndAPciCardWithoutRom()
    {
        Assert.Equal("q35", After("-M", _usual));
        Assert.Equal("qboot.rom", After("-bios", _usual));
        Assert.Contains("virtio-net-pci,netdev=net0,romfile=", QemuCommandLine.For(_usual));
    }

    [Fact]
    public void SeaBiosIsTheMachinesOwnDefault() =>
        Assert.DoesNotContain("-bios", QemuCommandLine.For(_usual with { Firmware = GuestFirmware.SeaBios }));

    [Fact]
    public void AMicrovmHasModernVirtioMmio()
    {
        var arguments = QemuCommandLine.For(_usual with { Machine = GuestMachine.MicroVm });
        Assert.Contains("microvm,acpi=off", arguments);
        Assert.Contains("virtio-mmio.force-legacy=false", arguments);
        Assert.Contains("virtio-net-device,netdev=net0", arguments);
    }

    [Fact]
    public void PortsAreForwardedFromTheLoopbackAddressOnly() => Assert.Equal(
        "user,id=net0,hostfwd=tcp:127.0.0.1:18080-:8080",
        After("-netdev", _usual with { Forwards = [new PortForward(18080, 8080)] }));

    [Fact]
    public void WithoutNetworkThereIsNoCard() =>
        Assert.DoesNotContain(QemuCommandLine.For(_usual with { Network = new GuestNetwork(GuestNetworkKind.None) }), word => word.Contains("net0", StringComparison.Ordinal));

    [Theory]
    [InlineData(GuestMachine.Q35, "virtio-serial-pci")]
    [InlineData(GuestMachine.MicroVm, "virtio-serial-device")]
    public void AChannelIsAPortOfAConsoleDevice(GuestMachine machine, string device)
    {
        Assert.DoesNotContain(device, QemuCommandLine.For(_usual with { Machine = machine }));
        var arguments = QemuCommandLine.For(_usual with { Machine = machine, Channels = [new("one", "/tmp/a,b"), new("two", "/tmp/c")] });
        Assert.Single(arguments, device);
        Assert.Contains("socket,id=channel0,path=/tmp/a,,b,server=on,wait=off", arguments);
        Assert.Contains("virtserialport,chardev=channel1,name=two", arguments);
    }

    [Fact]
    public void ATapIsUsedAsItIs() => Assert.Equal(
        "tap,id=net0,ifname=tap7,script=no,downscript=no",
        After("-netdev", _usual with { Network = new GuestNetwork(GuestNetworkKind.Tap, "tap7") }));

    [Fact]
    public void ACardWithSeveralQueuePairsHasAQueueOfTheTapAndTwoVectorsForEach()
    {
        var options = _usual with { Network = new GuestNetwork(GuestNetworkKind.Tap, "tap7") { QueuePairs = 4 } };
        Assert.Equal("tap,id=net0,ifname=tap7,script=no,downscript=no,queues=4", After("-netdev", options));
        Assert.Contains("virtio-net-pci,netdev=net0,romfile=,mq=on,vectors=10", QemuCommandLine.For(options));
    }

    [Fact]
    public void EachFurtherCardHasANetworkOfItsOwn()
    {
        var arguments = QemuCommandLine.For(_usual with { FurtherNetworks = [GuestNetwork.User, new GuestNetwork(GuestNetworkKind.Tap, "tap7")], CaptureFile = "/tmp/all.pcap" });
        Assert.Equal(
            ["user,id=net0", "user,id=net1,net=10.0.3.0/24,ipv6-prefix=fec0:0:0:1::", "tap,id=net2,ifname=tap7,script=no,downscript=no"],
            arguments.Zip(arguments.Skip(1)).Where(static pair => pair.First == "-netdev").Select(static pair => pair.Second));
        Assert.Contains("virtio-net-pci,netdev=net2,romfile=", arguments);
        Assert.Contains("filter-dump,id=capture1,netdev=net1,file=/tmp/all.pcap.eth1", arguments);
    }

    [Fact]
    public void EachCardIsOfTheKindThatWasAskedFor()
    {
        var arguments = QemuCommandLine.For(_usual with { Nic = GuestNic.Rtl8139, FurtherNetworks = [GuestNetwork.User] });
        Assert.Contains("rtl8139,netdev=net0,romfile=", arguments);
        Assert.Contains("rtl8139,netdev=net1,romfile=", arguments);
    }

    [Fact]
    public void EachDiskIsAFileAsItIs()
    {
        var arguments = QemuCommandLine.For(_usual with { Processors = 2, Disks = ["/tmp/a.img", "/tmp/b,c.img"] });
        Assert.Contains("if=none,id=disk0,format=raw,discard=unmap,file=/tmp/a.img", arguments);
        Assert.Contains("if=none,id=disk1,format=raw,discard=unmap,file=/tmp/b,,c.img", arguments);
        Assert.Contains("virtio-blk-pci,drive=disk1,num-queues=2", arguments);
        Assert.Contains("virtio-blk-device,drive=disk0", QemuCommandLine.For(_usual with { Machine = GuestMachine.MicroVm, Disks = ["/tmp/a.img"] }));
    }

    [Fact]
    public void FramesAsDatagramsGoFromOneUnixSocketToAnother() => Assert.Equal(
        "dgram,id=net0,local.type=unix,local.path=/tmp/guest,remote.type=unix,remote.path=/tmp/proxy",
        After("-netdev", _usual with { Network = new GuestNetwork(GuestNetworkKind.Datagrams, OwnSocket: "/tmp/guest", PeerSocket: "/tmp/proxy") }));

    [Fact]
    public void UnderADebuggerTheGuestWaits()
    {
        var arguments = QemuCommandLine.For(_usual with { DebuggerPort = 1234 });
        Assert.Contains("-S", arguments);
        Assert.Contains("tcp:127.0.0.1:1234", arguments);
    }

    private static string After(string word, GuestOptions options)
    {
        var arguments = QemuCommandLine.For(options).ToList();
        return arguments[arguments.IndexOf(word) + 1];
    }
}
