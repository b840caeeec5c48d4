using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Benchmark;
using Troupe.Apps.Benchmark.Disk;
using Troupe.Apps.Hello;
using Troupe.Apps.Hosting.Web;

// Apps/Hello's page, and beside it what `troupe bench http` wants to know about the machine that serves it, bytes to move for `troupe test net` and, on a port
// of their own, `troupe bench net`, datagrams and a disk to load for `troupe bench io`, and what the network is and did for `troupe test attack`, `connections` and `daemons`.
CollectionPauses pauses = new();
WebUnikernelBuilder builder = Unikernel.CreateBuilder(args).Listen(8080);
if (args.Contains("requests=pool"))
    builder.RunRequestsOnThreadPool();
builder.Web.WebHost.ConfigureKestrel(static kestrel => kestrel.ListenAnyIP(8081, static port => port.Run(ByteStreams.ServeAsync)));
if (args.Contains("offloads=none"))
    builder.Network.Stages = static (_, _) => null;
WebUnikernel app = builder.Build();
ActorRef<Increment> hits = app.Actors.Spawn(new HitCounter(), "hits");
app.MapGet("/", async (HttpContext context) =>
    await context.Response.WriteAsync($"hit {await hits.AskAsync<long>(static reply => new(reply))}\n"));
app.MapGet("/bytes", ByteSequence.SendAsync);
app.MapPut("/bytes", ByteSequence.ReceiveAsync);
app.MapGet("/statistics", (HttpContext context) => context.Response.WriteAsync(Statistics.Read(pauses)));
app.MapGet("/disk", new DiskReport(app).WriteAsync);
_ = DatagramEcho.StartAsync(app.Actors, app.Network);
NetworkReport report = new(app.Actors, app.Network);
app.MapGet("/network", report.WriteAsync);
app.MapGet("/connections", report.ListAsync);
NetworkWatch watch = new(app.Network);
app.MapGet("/resolve", watch.ResolveAsync);
if (args.Contains("network=watch"))
    _ = watch.RunAsync();
await app.RunAsync();
