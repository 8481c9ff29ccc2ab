"""FastAPI behind Mangum."""

from fastapi import FastAPI, HTTPException
from mangum import Mangum

app = FastAPI()


@app.post("/items/{name}", status_code=201)
def create(name: str, price: float, body: dict[str, int]):
    if price < 0:
        raise HTTPException(422, "no such price")
    return {"name": name, "price": price, **body}


handler = Mangum(app)
