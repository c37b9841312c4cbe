__all__=["index"]
def index(): pass
