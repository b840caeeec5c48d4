using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Hello;
using Troupe.Apps.Hosting.Web;

WebUnikernelBuilder builder = Unikernel.CreateBuilder(args).Listen(8080);
WebUnikernel app = builder.Build();
ActorRef<Increment> hits = app.Actors.Spawn(new HitCounter(), "hits");
app.MapGet("/", async (HttpContext context) =>
    await context.Response.WriteAsync($"hit {await hits.AskAsync<long>(static reply => new(reply))}\n"));
await app.RunAsync();
